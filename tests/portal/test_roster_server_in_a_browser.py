"""A district whose roster is fetched, in Chromium: it gives its secrets, tests, and says what its keys mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from subgroup_pipeline.access.invitations import make_invitation
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.districts.registered import registered_district
from tests.oneroster_server.oauth import Signed
from tests.oneroster_server.server import serving
from tests.portal.test_district_keys import roster
from tests.support.browser import WIDTHS, chromium, complaints, opened
from tests.support.portal import portal_running
from tests.support.roster_server import CLIENT_ID, CLIENT_SECRET, fetched_home, settings

pytestmark = [pytest.mark.slow, pytest.mark.needs_chromium]
OF_ELL = (
    "subgroups:\n  sources: [roster_metadata]\n  columns: {metadata.ELL: {subgroup: english_learner, values: {y: yes, n: no}}}\n"
)


def test_a_clerk_sets_it_up_without_javascript_and_maps_keys(tmp_path: Path) -> None:
    with serving() as server, chromium() as browser:
        home = fetched_home(tmp_path / "home", server)
        server.add("cedar", Signed(CLIENT_ID, CLIENT_SECRET), roster())
        home.apply(settings("cedar", server.root("cedar"), subgroups=OF_ELL))
        with home.registry.begin() as session:
            token = make_invitation(session, "cedar", by="staff").token
        with portal_running(home.settings, home.registry) as portal:
            with opened(browser, portal.url, javascript=False) as page:
                page.goto(f"/setup/{token}")
                page.get_by_label("Client ID").fill(CLIENT_ID)
                page.get_by_label("Client secret").fill(CLIENT_SECRET)
                page.get_by_role("button", name="Save").click()
                page.get_by_text("You are set up").wait_for()
                page.get_by_role("button", name="Test the connection").click()
                page.get_by_text("The connection works").wait_for()
            cookie = portal.person("data@cedar.example", Role.DISTRICT, "cedar")
            for width in (WIDTHS["at a desk"], WIDTHS["on a phone"]):
                with opened(browser, portal.url, cookie=cookie, width=width) as page:
                    page.goto("/d/cedar/roster")
                    page.get_by_role("button", name="Test the connection").click()
                    page.get_by_text("The connection works").wait_for()
                    assert complaints(page) == ""
                    page.goto("/d/cedar/roster/keys")
                    page.get_by_role("button", name="Look at a sample of your server now").click()
                    page.get_by_text("This is a sample of 40 students").wait_for()
                    assert complaints(page) == ""
                    if width == WIDTHS["on a phone"]:
                        page.get_by_role("button", name="Look at what changes").click()
                        page.get_by_text("What changes in your settings").wait_for()
                        assert complaints(page) == ""
                        page.get_by_role("button", name="Put it in force").click()
                        page.get_by_text(re.compile("Version 2 of your settings is in force")).wait_for()
        subgroups = registered_district(home.registry, "cedar").settings.subgroups
        home.close()
    assert subgroups is not None
    assert {column.subgroup for column in subgroups.columns.values()} == {
        "english_learner",
        "students_with_disabilities",
        "home_language",
    }
