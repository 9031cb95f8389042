"""The page for staff about a district's shared numbers: what is out, what a release would be, and making one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.desk.limited_child import only_one
from subgroup_pipeline.desk.release_look import REASONS, look_at_release
from subgroup_pipeline.desk.releases import list_releases, preview
from subgroup_pipeline.disclosure.worlds import WIDTH
from subgroup_pipeline.registry.schema import AuditEvent
from tests.support.home import Home
from tests.support.portal import PortalUnderTest, portal_running, send_form
from tests.support.published_marts import MadeUp, publish_made_up

AT = "/staff/districts/alpha/release"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalUnderTest]:
    home = Home.at(tmp_path / "home")
    home.add("alpha")
    with portal_running(home.settings, home.registry) as portal:
        yield portal
    home.close()


def _asked(portal: PortalUnderTest) -> list[tuple[str, object]]:
    query = sa.select(AuditEvent).filter_by(kind="release.asked", district_id="alpha")
    with portal.registry.begin() as session:
        return [(event.actor, event.detail) for event in session.scalars(query)]


def test_nothing_is_released_without_a_reason_or_while_another_is_worked_out(portal: PortalUnderTest) -> None:
    with portal.staff() as staff:
        page = staff.get(AT)
        assert "Nothing of this district was released yet" in page.text
        refused = send_form(staff, AT, {"reason": "  "})
        assert refused.status_code == 422
        assert "Say why" in refused.text
        with only_one(portal.settings.paths.releases):
            for busy in (staff.get(f"{AT}?look=1"), send_form(staff, AT, {"reason": "wrong roster"})):
                assert busy.status_code == 409
                assert "Another release is being worked out" in busy.text
        assert staff.get("/staff/districts/nobody/release").status_code == 404
    assert _asked(portal) == []


@pytest.mark.slow
def test_a_look_says_what_the_preview_says_and_a_release_is_asked_in_ones_own_name(portal: PortalUnderTest) -> None:
    publish_made_up(portal, {"alpha": MadeUp(students=121, months=1)})
    exact = preview(portal.registry, portal.settings, "alpha")
    look = look_at_release(portal.settings, "alpha")
    assert (look.shown, look.hidden, look.newly_hidden, look.newly_shown) == (exact.shown, exact.hidden, 0, 0)
    assert sum(level.shown + level.hidden for level in look.levels) == len(exact.cells)
    assert sum(count for _, count in look.reasons) == exact.hidden
    assert set(exact.reasons) <= set(REASONS)
    assert WIDTH == 5, "the page says five"
    assert look.narrowest is not None
    assert (look.narrowest >= WIDTH) == (look.too_narrow == 0)
    (before,) = list_releases(portal.settings, "alpha")
    with portal.staff() as staff:
        page = html.unescape(staff.get(f"{AT}?look=1").text)
        assert "The group is small" in page
        assert re.search(r"could not work out the \d+ hidden counts", page)
        assert "Oak & Ash <School>" in page
        done = send_form(staff, AT, {"reason": "roster of September was wrong"})
        assert (done.status_code, done.headers["location"]) == (303, AT)
        assert "The numbers were released" in staff.get(AT).text
        assert f'href="{AT}"' in staff.get("/staff/districts/alpha").text
    (after,) = list_releases(portal.settings, "alpha")
    assert after.release_id > before.release_id
    assert _asked(portal) == [("staff@vendor.example", {"reason": "roster of September was wrong"})]
