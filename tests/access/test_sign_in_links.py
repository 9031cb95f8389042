"""One-time links: how long they hold, that looking uses nothing up, and that of many who try at once one signs in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.people import BY_CLAIMS, described, keep_person
from subgroup_pipeline.access.sign_in_links import FIRST_LASTS, LASTS, MadeLink, link_of, make_link, use_link
from subgroup_pipeline.access.sign_ins import begin_sign_in, signed_in_person
from subgroup_pipeline.errors import PersonRefusedError, UnknownPersonError
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import AuditEvent, SignInLink
from subgroup_pipeline.settings import load_settings

ANN = "ann@vendor.example"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
def registry(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Registry]:
    database = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}
    opened = open_registry(load_settings(home=tmp_path / "home", **database))
    with opened.begin() as session:
        keep_person(session, described(ANN, "vendor"), actor="test")
    yield opened
    opened.close()


def _made(registry: Registry, actor: str = "staff") -> MadeLink:
    with registry.begin() as session:
        return make_link(session, ANN, actor=actor)


def _use(registry: Registry, token: str) -> str | None:
    """As the portal does: link and sign-in in one transaction."""
    with registry.begin() as session:
        email = use_link(session, token)
        return begin_sign_in(session, email, way="link", peer="", browser="") if email else None


def _is_live(registry: Registry, token: str) -> bool:
    with registry.begin() as session:
        return link_of(session, token) is not None


def test_fifty_at_once_sign_in_once(registry: Registry) -> None:
    token = _made(registry).token
    for _ in range(100):
        assert _is_live(registry, token)
    with ThreadPoolExecutor(50) as pool:
        cookies = [cookie for cookie in pool.map(lambda _: _use(registry, token), range(50)) if cookie]
    assert len(cookies) == 1
    assert signed_in_person(registry, cookies[0]) is not None
    assert not _is_live(registry, token)
    with registry.begin() as session:
        kinds = session.scalars(sa.select(AuditEvent.kind)).all()
        text = str(session.scalars(sa.select(AuditEvent.detail)).all())
    assert (kinds.count("portal.signed_in"), kinds.count("sign_in_link.dead_tried")) == (1, 49)
    assert token not in text


def test_a_first_link_waits_and_one_that_was_asked_for_does_not(registry: Registry) -> None:
    def lasts(link: MadeLink) -> timedelta:
        return timedelta(minutes=round((link.expires_at - datetime.now(UTC)).total_seconds() / 60))

    assert lasts(_made(registry)) == FIRST_LASTS
    assert lasts(_made(registry, ANN)) == LASTS
    assert _use(registry, _made(registry).token)
    assert lasts(_made(registry)) == LASTS


def test_a_sign_in_ends_every_other_link_of_the_person(registry: Registry) -> None:
    older, newer = _made(registry), _made(registry)
    assert _is_live(registry, older.token)  # a stranger who asks for links ends nobody's
    assert _use(registry, newer.token)
    assert not _is_live(registry, older.token)
    assert _use(registry, older.token) is None


def test_a_link_that_is_over_signs_nobody_in(registry: Registry) -> None:
    link = _made(registry)
    with registry.begin() as session:
        session.execute(sa.update(SignInLink).values(expires_at=datetime.now(UTC)))
    assert not _is_live(registry, link.token)
    assert _use(registry, link.token) is None
    assert _use(registry, "nonsense") is None


def test_nobody_unknown_gets_one_nor_whom_only_the_sign_in_service_vouches_for(registry: Registry) -> None:
    with registry.begin() as session, pytest.raises(UnknownPersonError):
        make_link(session, "who@vendor.example", actor="test")
    with registry.begin() as session:
        keep_person(session, described(ANN, "vendor"), actor=BY_CLAIMS)
    with pytest.raises(PersonRefusedError, match="account of their organization"):
        _made(registry)
