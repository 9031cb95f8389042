"""“I have uploaded”: what the server sees, asking for a check now, and what comes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.asked_check import see_check
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.registry.asked_checks import ask_check

if TYPE_CHECKING:
    from starlette.responses import Response

_RATE = Rate(tries=10, seconds=360)
"""Ten checks at once and ten an hour for each district: a run is work for everybody."""


def look(visit: Visit) -> Response:
    """The inbox and the last check that was asked for; the page looks again by itself while the check is open."""
    district = district_of(visit)
    now = datetime.now(UTC)
    seen = see_check(visit.registry, visit.settings, district, now)
    return district_page(visit, "district_check.html", district, seen=seen, now=now)


def check_now(visit: Visit) -> Response:
    """Ask for a check; a second click while one waits or runs changes nothing."""
    district = district_of(visit)
    page = f"/d/{district.district_id}/check-now"
    seen = see_check(visit.registry, visit.settings, district, datetime.now(UTC))
    if seen.is_open:
        return visit.go(page, said="A check has been asked for already. This page shows how far it is.")
    if not seen.inbox and not district.settings.server:
        return visit.go(page, said="There is nothing to check: we see no file in your inbox.")
    if not visit.of.limits.take("check-now", district.district_id, _RATE):
        return visit.go(page, said="This was asked for ten times within an hour. The next run takes your files by itself.")
    ask_check(visit.registry, district.district_id, by=visit.who)
    return visit.go(page, said="Thank you. We look at your files now.")


PAGES = [Page("/d/{district_id}/check-now", Need.DELIVERIES, get=look, post=check_now)]
