"""The front door: `/` leads everybody to their own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.access.roles import Need, Role
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response


def front(visit: Visit) -> Response:
    """Staff see all districts, everybody else their own."""
    if visit.person is None:
        return visit.go("/sign-in")
    return visit.go("/staff" if visit.person.role == Role.VENDOR else f"/d/{visit.person.district_id}")


PAGES = [Page("/", Need.NOTHING, get=front)]
