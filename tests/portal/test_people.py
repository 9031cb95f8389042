"""`/staff/people` and `/staff/sign-ins`: people are added, changed, removed and sent links, and their sign-ins ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.people import Wanted, described, keep_person, list_people
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import Mail
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.home import apply
from tests.support.portal import PortalUnderTest, portal_running, send_form, token_in


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    settings = load_settings(home=tmp_path_factory.mktemp("home"))
    registry = open_registry(settings)
    apply(registry, small.settings("ash"))
    with portal_running(settings, registry) as portal:
        yield portal
    registry.close()


@pytest.fixture(scope="module")
def staff(portal: PortalUnderTest) -> httpx.Client:
    return portal.staff()


def _added(staff: httpx.Client, email: str, **fields: str) -> str:
    """Add somebody; gives the address of their page."""
    done = send_form(staff, "/staff/people", {"email": email, "role": "district", "district": "ash", "schools": "", **fields})
    assert done.status_code == 303, done.text
    return done.headers["location"]


def test_somebody_is_added_changed_found_and_removed(portal: PortalUnderTest, staff: httpx.Client) -> None:
    page = _added(staff, "Ann+x@Ash.example")
    assert page == "/staff/people/ann%2Bx@ash.example"
    done = send_form(staff, page, {"role": "school", "district": "ash", "schools": "s1, s2"})
    assert done.headers["location"] == page
    (ann,) = list_people(portal.registry, Wanted(search="ann"))
    assert (ann.role, ann.school_ids, ann.added_by) == ("school", ("s1", "s2"), "staff@vendor.example")
    assert "ann+x@ash.example" in staff.get("/staff/people?search=ASH&role=school&district=ash").text
    assert "ann+x@ash.example" not in staff.get("/staff/people?role=vendor").text
    done = send_form(staff, page, {}, to=f"{page}/remove")
    assert done.headers["location"] == "/staff/people"
    assert staff.get(page).status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "nonsense"}, "no mail address"),
        ({"district": "oak"}, "no district is called oak"),
        ({"role": "vendor"}, "Give no district"),
        ({"email": "staff@vendor.example"}, "known already"),
        ({"email": "<b>@x.example"}, "&lt;b&gt;"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(staff: httpx.Client, fields: dict[str, str], words: str) -> None:
    typed = {"email": "bob@ash.example", "role": "district", "district": "ash", "schools": "", **fields}
    done = send_form(staff, "/staff/people", typed)
    assert done.status_code == 422
    assert words in done.text
    assert 'name="district" value="' + typed["district"] in done.text


def test_a_link_is_mailed_or_shown_once(portal: PortalUnderTest, staff: httpx.Client) -> None:
    page = _added(staff, "eve@ash.example")
    send_form(staff, page, {"how": "mail"}, to=f"{page}/link")
    with portal.registry.begin() as session:
        mail = session.scalars(sa.select(Mail).where(Mail.recipient == "eve@ash.example")).one()
    assert (mail.kind, mail.district_id) == ("sign_in_link", "ash")
    shown = send_form(staff, page, {"how": "show"}, to=f"{page}/link")
    url = re.search(rf"{portal.settings.portal_url}(/sign-in/[\w-]+)", shown.text)
    assert url
    assert url[1] not in staff.get(page).text
    eve = portal.browser()
    assert send_form(eve, url[1], {}).status_code == 303
    assert eve.get("/staff/people").status_code == 404


def test_staff_end_the_sign_ins_of_anybody(portal: PortalUnderTest, staff: httpx.Client) -> None:
    one, other = portal.of_district("ash"), portal.of_district("ash")
    page = staff.get("/staff/sign-ins")
    named = re.findall(r'value="([0-9a-f]{64})">End<span class="visually-hidden"> the sign-in of data@ash.example', page.text)
    assert len(named) == 2
    staff.post("/staff/sign-ins", data={"form_token": token_in(page), "sign_in": named[0]})
    assert sorted(browser.get("/me").status_code for browser in (one, other)) == [200, 303]
    staff.post("/staff/sign-ins", data={"form_token": token_in(page), "email": "data@ash.example"})
    assert [browser.get("/me").status_code for browser in (one, other)] == [303, 303]


def test_nobody_takes_away_their_own_way_in(staff: httpx.Client) -> None:
    page = "/staff/people/staff@vendor.example"
    for to in (page, f"{page}/remove"):
        done = send_form(staff, page, {"role": "district", "district": "ash"}, to=to)
        assert done.status_code == 409
        assert "yourself" in done.text
    assert staff.get(page).status_code == 200


def test_a_long_list_has_pages(portal: PortalUnderTest, staff: httpx.Client, tmp_path: Path) -> None:
    with portal.registry.begin() as session:
        for number in range(60):
            keep_person(session, described(f"p{number:02}@many.example", "vendor"), actor="test")
    assert "p00@many.example" in staff.get("/staff/people?search=many").text
    second = staff.get("/staff/people?search=many&page=2").text
    assert "p59@many.example" in second
    assert "p00@many.example" not in second
    for page in ("0", "-1", "x", "9" * 30):
        assert staff.get(f"/staff/people?page={page}").status_code == 200
