"""Set-up links: one live one a district, used once whoever races, and what the audit log says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.invitations import (
    MadeInvitation,
    find_invitation,
    list_invitations,
    make_invitation,
    note_dead_try,
    revoke_invitation,
    use_invitation,
)
from subgroup_pipeline.errors import DeadInvitationError, SettingsError, UnknownDistrictError
from subgroup_pipeline.registry.database import Registry, open_registry, record_event
from subgroup_pipeline.registry.schema import AuditEvent, Invitation
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.home import apply
from tests.support.place import Place

RACERS = 50


@pytest.fixture
def registry(place: Place) -> Registry:
    place.add("alpha")
    place.add("beta")
    return place.registry


@pytest.fixture
def on_postgres(postgres_url: str, tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(load_settings(home=tmp_path / "home", database_url=postgres_url))
    apply(opened, small.settings("alpha"))
    yield opened
    opened.close()


def _make(registry: Registry, district_id: str = "alpha", hours: int = 72) -> MadeInvitation:
    with registry.begin() as session:
        return make_invitation(session, district_id, by="staff", hours=hours)


def _use(registry: Registry, made: MadeInvitation) -> None:
    with registry.begin() as session:
        use_invitation(session, made.token, made.district_id, way="password", peer="192.0.2.1")


def _events(registry: Registry) -> list[tuple[str, str | None, dict[str, object]]]:
    with registry.begin() as session:
        rows = session.scalars(sa.select(AuditEvent).where(AuditEvent.kind.like("invitation.%")).order_by(AuditEvent.event_id))
        return [(row.kind.removeprefix("invitation."), row.district_id, row.detail) for row in rows]


def _end(registry: Registry, made: MadeInvitation) -> None:
    """Let a link's time be over."""
    with registry.begin() as session:
        session.execute(sa.update(Invitation).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_a_link_is_found_as_often_as_one_looks_and_used_once(registry: Registry) -> None:
    made = _make(registry, hours=1)
    with pytest.raises(DeadInvitationError):
        _use(registry, replace(made, district_id="beta"))
    assert timedelta(minutes=59) < made.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    for _ in range(3):
        assert find_invitation(registry, made.token, peer="192.0.2.1", is_opened=True) == "alpha"
    _use(registry, made)
    with pytest.raises(DeadInvitationError):
        _use(registry, made)
    with pytest.raises(DeadInvitationError):
        find_invitation(registry, made.token, peer="192.0.2.1")
    assert [kind for kind, _, _ in _events(registry)] == ["made", "opened", "used"]


def test_a_new_link_revokes_the_older_one_and_no_other_districts(registry: Registry) -> None:
    first, other, second = _make(registry), _make(registry, "beta"), _make(registry)
    with pytest.raises(DeadInvitationError):
        _use(registry, first)
    listed = [(one.district_id, one.state, one.ended_at is None) for one in list_invitations(registry)]
    assert listed == [("alpha", "live", True), ("beta", "live", True), ("alpha", "revoked", False)]
    _use(registry, second)
    _use(registry, other)
    assert [one.state for one in list_invitations(registry, "alpha")] == ["used", "revoked"]


def test_dead_links_fail_alike_and_the_audit_log_tells_them_apart(registry: Registry) -> None:
    used, revoked, over = _make(registry), _make(registry, "beta"), MadeInvitation("never made", "", datetime.now(UTC))
    _use(registry, used)
    with registry.begin() as session:
        assert revoke_invitation(session, "beta", by="staff")
        assert not revoke_invitation(session, "beta", by="staff")
    expired = _make(registry)
    _end(registry, expired)
    said = set()
    for made in (used, revoked, over, expired):
        with pytest.raises(DeadInvitationError) as refused:
            _use(registry, made)
        with pytest.raises(DeadInvitationError) as not_found:
            find_invitation(registry, made.token, peer="192.0.2.1")
        said |= {str(refused.value), str(not_found.value)}
        note_dead_try(registry, made.token, peer="192.0.2.1")
    assert len(said) == 1
    tried = [(district, detail["state"]) for kind, district, detail in _events(registry) if kind == "dead_link_tried"]
    assert tried == [("alpha", "used"), ("beta", "revoked"), (None, "unknown"), ("alpha", "expired")]


def test_a_link_is_only_used_when_all_of_its_transaction_is_kept(registry: Registry) -> None:
    made = _make(registry)

    def store_and_fail() -> None:
        with registry.begin() as session:
            use_invitation(session, made.token, "alpha", way="password", peer="192.0.2.1")
            raise RuntimeError("the password could not be kept")

    with pytest.raises(RuntimeError):
        store_and_fail()
    assert find_invitation(registry, made.token, peer="192.0.2.1") == "alpha"
    assert [kind for kind, _, _ in _events(registry)] == ["made"]


@pytest.mark.parametrize("hours", [0, 169, -1])
def test_a_link_lasts_a_week_at_most(registry: Registry, hours: int) -> None:
    with pytest.raises(SettingsError, match="168"):
        _make(registry, hours=hours)


def test_nobody_is_invited_for_a_district_that_is_not_registered(registry: Registry) -> None:
    with pytest.raises(UnknownDistrictError, match="gamma"):
        _make(registry, "gamma")


def test_the_registry_holds_no_link(registry: Registry) -> None:
    made = _make(registry)
    find_invitation(registry, made.token, peer="192.0.2.1", is_opened=True)
    note_dead_try(registry, made.token + "x", peer="192.0.2.1")
    _use(registry, made)
    with registry.begin() as session:
        rows = [session.execute(sa.select(table)).all() for table in (AuditEvent.__table__, Invitation.__table__)]
    assert made.token not in json.dumps(rows, default=str)


def _race(registry: Registry) -> None:
    made, start = _make(registry), Barrier(RACERS)

    def run(number: int) -> int | None:
        start.wait(30)
        try:
            with registry.begin() as session:
                use_invitation(session, made.token, "alpha", way="password", peer="192.0.2.1")
                record_event(session, "district.password_set", actor=str(number), district_id="alpha")
        except DeadInvitationError:
            return None
        return number

    with ThreadPoolExecutor(RACERS) as pool:
        winners = [number for number in pool.map(run, range(RACERS)) if number is not None]
    with registry.begin() as session:
        stored = session.scalars(sa.select(AuditEvent.actor).filter_by(kind="district.password_set")).all()
    assert list(stored) == [str(number) for number in winners]
    assert len(winners) == 1
    assert [kind for kind, _, _ in _events(registry)] == ["made", "used"]


def test_of_fifty_at_once_one_uses_the_link(registry: Registry) -> None:
    _race(registry)


@pytest.mark.needs_postgres
def test_of_fifty_at_once_one_uses_the_link_on_postgres(on_postgres: Registry) -> None:
    _race(on_postgres)


@pytest.mark.needs_postgres
def test_of_links_made_at_once_one_is_live(on_postgres: Registry) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _make(on_postgres), range(16)))
    states = [one.state for one in list_invitations(on_postgres)]
    assert sorted(states) == ["live"] + ["revoked"] * 15
