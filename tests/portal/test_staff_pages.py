"""Pages for staff about one district: what is on hold and what is decided about it, keys, password, and the next run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.passwords import password_on_record, set_password, suggested_password
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.districts.district_keys import authorize_keys, keys_on_record
from subgroup_pipeline.registry.asked_checks import waiting_checks
from subgroup_pipeline.registry.schema import AuditEvent
from tests.quality.subgroup_world import World, roster, rows, settings, text
from tests.support.installation import zip_of
from tests.support.portal import PortalUnderTest, portal_running, send_form, token_in

DISTRICTS = ("pine", "oak", "elm", "fir")


@dataclass
class Staffed:
    """A portal over judged deliveries: each district's second subgroup file lost 40 of 100 students and is held."""

    world: World
    portal: PortalUnderTest
    held: dict[str, str] = field(default_factory=dict)

    def state(self, district: str) -> str:
        return self.world.delivery(self.held[district]).state


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Staffed]:
    home = tmp_path_factory.mktemp("staffed") / "home"
    shutil.copytree(template, home)
    world = World.at(home)
    for name in DISTRICTS:
        world.apply(settings(name))
        world.deliver("roster", {"roster.zip": zip_of(roster())}, name)
        world.deliver("subgroups", {"s.csv": text(rows())}, name)
    world.judge()
    held = {name: world.deliver("subgroups", {"s.csv": text(rows()[:60])}, name) for name in DISTRICTS}
    world.judge()
    with portal_running(world.settings, world.registry) as portal:
        yield Staffed(world, portal, held)
    world.registry.close()


@pytest.fixture(scope="module")
def staff(staffed: Staffed) -> Iterator[httpx.Client]:
    with staffed.portal.staff() as browser:
        yield browser


def _words(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text.partition("<main")[2]))


def _next(browser: httpx.Client, answer: httpx.Response) -> str:
    """The words of the page that an answer leads to."""
    assert answer.status_code == 303, answer.text[-2000:]
    return _words(browser.get(answer.headers["location"]))


def test_what_waits_is_listed_with_its_reasons_the_oldest_first(staffed: Staffed, staff: httpx.Client) -> None:
    page = staff.get("/staff/held")
    found = re.findall(r'href="/staff/held/([\w-]+)"', page.text)
    assert [one for one in found if one in staffed.held.values()] == list(staffed.held.values())
    assert "40 of 100 are; at most 10% (our default) may be missing." in _words(page)
    assert re.findall(r'href="/staff/held/([\w-]+)"', staff.get("/staff/held?district=oak").text) == [staffed.held["oak"]]


def test_a_hold_shows_what_approving_would_change(staffed: Staffed, staff: httpx.Client) -> None:
    words = _words(staff.get(f"/staff/held/{staffed.held['pine']}"))
    assert "Student IDs in the subgroup file 100 60 -40" in words
    assert "yes 25 (25.0%) 15 (15.0%) -10" in words
    assert "not_reported 0 (0.0%) 40 (40.0%) +40" in words
    assert "Compared with what is live now" in words


def test_a_decision_needs_a_reason(staffed: Staffed, staff: httpx.Client) -> None:
    path = f"/staff/held/{staffed.held['pine']}"
    for reason in ("", "   "):
        answer = send_form(staff, path, {"decision": "approve", "reason": reason})
        assert (answer.status_code, staffed.state("pine")) == (422, "held")
        assert "Write why" in answer.text
    assert send_form(staff, path, {"decision": "perhaps", "reason": "x"}).status_code == 400


def test_approving_is_done_in_the_name_of_who_is_signed_in(staffed: Staffed, staff: httpx.Client) -> None:
    delivery_id = staffed.held["pine"]
    answer = send_form(staff, f"/staff/held/{delivery_id}", {"decision": "approve", "reason": "The year's leavers <b>left</b>"})
    words = _next(staff, answer)
    assert "Approved. The next run of the district publishes it." in words
    assert "Let through by staff@vendor.example: The year&#39;s leavers &lt;b&gt;left&lt;/b&gt;" in words
    assert "Run now" in words
    delivery = staffed.world.delivery(delivery_id)
    assert (delivery.state, delivery.decision, delivery.decided_by) == ("accepted", "approved", "staff@vendor.example")
    with staffed.portal.registry.begin() as session:
        event = session.scalars(sa.select(AuditEvent).filter_by(delivery_id=delivery_id, actor="staff@vendor.example")).one()
    assert event.detail == {"from": "held", "to": "accepted", "reason": "The year's leavers <b>left</b>"}


def test_rejecting_keeps_what_was_live(staffed: Staffed, staff: httpx.Client) -> None:
    answer = send_form(staff, f"/staff/held/{staffed.held['oak']}", {"decision": "reject", "reason": "half a file"})
    assert "Rejected. The reports keep what they show now." in _next(staff, answer)
    assert staffed.state("oak") == "rejected"


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_that_is_impossible_by_now_is_said_in_words(staffed: Staffed, staff: httpx.Client, decision: str) -> None:
    path = f"/staff/held/{staffed.held['elm']}"
    page = staff.get(path)
    staffed.world.set_state(staffed.held["elm"], "superseded")
    answer = staff.post(path, data={"form_token": token_in(page), "decision": decision, "reason": "fine"})
    staffed.world.set_state(staffed.held["elm"], "held")
    assert (answer.status_code, "This was not done:" in answer.text) == (409, True)


def test_nobody_but_staff_decides(staffed: Staffed) -> None:
    with staffed.portal.of_district("fir") as browser:
        path = f"/staff/held/{staffed.held['fir']}"
        assert browser.get(path).status_code == 404
        token = token_in(browser.get("/d/fir/check-now"))
        answer = browser.post(path, data={"form_token": token, "decision": "approve", "reason": "mine"})
    assert (answer.status_code, staffed.state("fir")) == (404, "held")


def test_a_delivery_that_never_waited_has_no_such_page(staffed: Staffed, staff: httpx.Client) -> None:
    assert staff.get("/staff/held/20260101T000000-nothing").status_code == 404


def test_run_now_asks_once(staffed: Staffed, staff: httpx.Client) -> None:
    path = "/staff/districts/pine"
    assert "A run was asked for." in _next(staff, send_form(staff, path, {}, to=f"{path}/run"))
    assert "asked for already" in _next(staff, send_form(staff, path, {}, to=f"{path}/run"))
    assert [(one.district_id, one.asked_by) for one in waiting_checks(staffed.portal.registry)] == [
        ("pine", "staff@vendor.example")
    ]


def test_keys_and_password_are_taken_out_of_force(staffed: Staffed, staff: httpx.Client) -> None:
    registry, path = staffed.portal.registry, "/staff/districts/oak"
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (authorized,) = authorize_keys(registry, [("oak", key)], actor="test")
    with registry.begin() as session:
        set_password(session, "oak", suggested_password(), by="test")
    for change, words in (("pause", "paused"), ("resume", "resumed"), ("revoke", "revoked"), ("revoke", "not there any more")):
        form = {"fingerprint": authorized.fingerprint, "change": change}
        assert words in _next(staff, send_form(staff, path, form, to=f"{path}/keys"))
    assert keys_on_record(registry, ["oak"]) == []
    assert "The password was removed." in _next(staff, send_form(staff, path, {}, to=f"{path}/password/remove"))
    assert password_on_record(registry, "oak") is None
    words = _words(staff.get(path))
    assert "district.key_revoked staff@vendor.example" in words
    assert "None is set." in words


def test_a_district_that_is_not_there_is_not_found(staff: httpx.Client) -> None:
    assert staff.get("/staff/districts/nobody").status_code == 404


@pytest.mark.slow
@pytest.mark.needs_chromium
def test_settings_are_changed_without_javascript_and_a_hold_is_decided_by_keyboard(staffed: Staffed) -> None:
    """In Chromium, with what axe says about a change of settings at a desk, on a phone and at 400% zoom."""
    from tests.support.browser import WIDTHS, chromium, complaints, signed_in, tab_to

    hold, district = f"/staff/held/{staffed.held['fir']}", "/staff/districts/fir"
    cookie = staffed.portal.person("staff@vendor.example", Role.VENDOR)
    with chromium() as browser:
        for width in WIDTHS.values():
            with signed_in(browser, staffed.portal, cookie, width=width) as page:
                page.goto("/staff/districts/new?id=larch")
                assert complaints(page) == ""
                page.goto(f"{district}/settings")
                page.get_by_label("Uploads expected by").fill("04:00")
                page.get_by_role("button", name="Look at what changes").first.click()
                page.get_by_role("button", name="Put it in force").wait_for()
                assert complaints(page) == ""
        with signed_in(browser, staffed.portal, cookie, javascript=False) as page:
            page.goto("/staff/districts/fir/settings")
            page.get_by_label("Uploads expected by").fill("04:00")
            page.get_by_role("button", name="Look at what changes").first.press("Enter")
            page.get_by_role("button", name="Put it in force").press("Enter")
            page.get_by_text("Version 2 of the settings is in force").wait_for()
        with signed_in(browser, staffed.portal, cookie) as page:
            page.goto(hold)
            page.get_by_role("textbox", name="Why").focus()
            page.keyboard.type("It is what the district meant")
            tab_to(page, "Approve")
            page.keyboard.press("Enter")
            page.get_by_text("Approved. The next run of the district publishes it.").wait_for()
            tab_to(page, "Run now")
            page.keyboard.press("Enter")
            page.get_by_text("A run was asked for.").wait_for()
    assert staffed.state("fir") == "accepted"
