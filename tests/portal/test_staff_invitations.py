"""Invitations for staff: a link is shown once, mailed, made anew and revoked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import AuditEvent, Mail
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.home import apply
from tests.support.portal import PortalUnderTest, portal_running, send_form

AT = "/staff/invitations"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[PortalUnderTest]:
    home = tmp_path_factory.mktemp("invitations") / "home"
    shutil.copytree(template, home)
    settings = load_settings(home=home, public_url="https://subgroups.example.com")
    registry = open_registry(settings)
    for name, more in (("ash", ""), ("elm", "contacts: [a@elm.example, b@elm.example]\n"), ("fir", "")):
        apply(registry, small.settings(name) + more)
    with portal_running(settings, registry) as running:
        yield running
    registry.close()


@pytest.fixture
def staff(portal: PortalUnderTest) -> httpx.Client:
    # The cookie of an https portal has another name; the test asks over http, as its proxy does.
    cookie = portal.person("staff@vendor.example", Role.VENDOR)
    return httpx.Client(base_url=portal.url, cookies={"__Host-subgroups_sign_in": cookie}, timeout=30)


def _link_in(page: httpx.Response) -> str:
    found = re.findall(r"https://subgroups\.example\.com(/setup/[\w-]{43})", page.text)
    assert len(found) == 1, page.text
    return str(found[0])


def _states(staff: httpx.Client, district_id: str) -> list[str]:
    return re.findall(r'<span class="pill \w+">(\w+)</span>', staff.get(AT, params={"district": district_id}).text)


def test_a_link_is_shown_when_it_is_made_and_never_again(portal: PortalUnderTest, staff: httpx.Client) -> None:
    made = send_form(staff, AT, {"district": "ash", "hours": "24"})
    link = _link_in(made)
    assert "name no contacts" in made.text
    assert portal.browser().get(link).status_code == 200
    assert link not in staff.get(AT).text
    assert _states(staff, "ash") == ["Live"]


def test_a_link_is_mailed_to_every_contact(portal: PortalUnderTest, staff: httpx.Client) -> None:
    made = send_form(staff, AT, {"district": "elm", "hours": "72"})
    assert "a@elm.example, b@elm.example" in made.text
    with portal.registry.begin() as session:
        mails = session.scalars(sa.select(Mail).filter_by(kind="invitation", district_id="elm")).all()
    assert {mail.recipient for mail in mails} == {"a@elm.example", "b@elm.example"}
    assert all("https://subgroups.example.com" + _link_in(made) in mail.text for mail in mails)


def test_a_new_link_ends_the_one_before_and_a_link_is_revoked(portal: PortalUnderTest, staff: httpx.Client) -> None:
    first, second = (_link_in(send_form(staff, AT, {"district": "fir"})) for _ in range(2))
    assert [portal.browser().get(link).status_code for link in (first, second)] == [404, 200]
    gone = send_form(staff, AT, {"district": "fir"}, to=AT + "/revoke")
    assert (gone.status_code, gone.headers["location"]) == (303, AT)
    assert portal.browser().get(second).status_code == 404
    assert _states(staff, "fir") == ["Revoked", "Revoked"]
    with portal.registry.begin() as session:
        kinds = session.execute(
            sa.select(AuditEvent.kind, AuditEvent.actor)
            .where(AuditEvent.district_id == "fir", AuditEvent.kind.in_(("invitation.made", "invitation.revoked")))
            .order_by(AuditEvent.event_id)
        ).all()
    assert [kind.removeprefix("invitation.") for kind, _ in kinds] == ["made", "revoked", "made", "revoked"]
    assert {actor for _, actor in kinds} == {"staff@vendor.example"}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"district": "oak"}, "no district is called oak"),
        ({"district": "ash", "hours": "999"}, "168"),
        ({"hours": "9" * 5000}, "no district"),
    ],
)
def test_what_cannot_be_made_is_said_beside_the_field(staff: httpx.Client, form: dict[str, str], words: str) -> None:
    refused = send_form(staff, AT, form)
    assert refused.status_code == 422
    assert words in refused.text.partition('id="wrong">')[2].partition("</p>")[0]
