"""The first page of a district: whether all is well, what to do next, and what the reports show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.access.roles import Need, may
from subgroup_pipeline.desk.dashboard.changes import newest_changes
from subgroup_pipeline.desk.district_today import district_today, late_words, shown_today
from subgroup_pipeline.desk.roster_server import roster_server
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.reports_pages import released_of_district

if TYPE_CHECKING:
    from starlette.responses import Response


def overview(visit: Visit) -> Response:
    """All of it for the district's own people; for people of schools, what is published and since when.

    Who sees what is released only gets that: the number of students of today may be a hidden one.
    """
    district = district_of(visit)
    if not may(visit.person, Need.DELIVERIES, district.district_id) and may(visit.person, Need.RELEASED, district.district_id):
        return released_of_district(visit, district)
    if not may(visit.person, Need.DELIVERIES, district.district_id):
        shown = shown_today(visit.registry, visit.settings, district)
        return district_page(visit, "district_published.html", district, shown=shown)
    today = district_today(visit.registry, visit.settings, district, datetime.now(UTC))
    changes = newest_changes(visit.settings, district.district_id)
    server = roster_server(visit.registry, district)
    return district_page(
        visit,
        "district_overview.html",
        district,
        today=today,
        late_words=late_words,
        changes=changes,
        missing=server.missing if server else [],
    )


PAGES = [Page("/d/{district_id}", Need.OVERVIEW, get=overview)]
