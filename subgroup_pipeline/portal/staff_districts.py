"""`/staff`: all districts on one page, with what waits for a person on top."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.district_table import ONLY, SORTS, Asked, district_table
from subgroup_pipeline.desk.overview import glance
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

COLUMNS = {
    "name": "District",
    "roster": "Roster",
    "subgroups": "Subgroup file",
    "held": "On hold",
    "late": "Nights missed",
    "published": "Published roster of",
    "access": "Signs in with",
}
"""Headings of the table, by what sorts it."""


def districts(visit: Visit) -> Response:
    """The table as the address asks for it: text, what it is narrowed to, sort and page."""
    sort = visit.asked("sort", "name")
    asked = Asked(
        text=visit.asked("text")[:200],
        only=frozenset(name for name in ONLY if visit.asked(name)),
        sort=sort if sort.removeprefix("-") in SORTS else "name",
        page=page_number(visit),
    )
    table = district_table(visit.registry, asked)

    kept: dict[str, str] = {"text": asked.text}
    kept |= {name: "1" for name in ONLY if name in asked.only}

    def address(**given: str) -> str:
        """This table sorted otherwise, or another page of it."""
        query = urlencode({name: value for name, value in (kept | given).items() if value or name == "page"})
        return f"/staff?{query}" if query else "/staff"

    return visit.page(
        "staff_districts.html",
        table=table,
        asked=asked,
        glance=glance(visit.registry, visit.settings),
        columns=COLUMNS,
        only=ONLY,
        sorted_by=lambda column: address(sort="" if column == "name" else column),
        pages_at=address(sort="" if sort == "name" else asked.sort, page=""),
    )


def page_number(visit: Visit) -> int:
    """The page of a list that the address asks for, from 1."""
    given = visit.asked("page", "1")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 7 else 1


PAGES = [Page("/staff", Need.STAFF, get=districts)]
