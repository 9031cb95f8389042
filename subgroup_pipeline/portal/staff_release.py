"""`/staff/districts/<id>/release`: what of a district is shared, what a release would show and hide now, and making one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.release_look import NoLookError, ask_for_release, look_at_release
from subgroup_pipeline.desk.releases import list_releases
from subgroup_pipeline.portal.district_frame import district_of
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

_AT = "/staff/districts/{district_id}/release"
_MOST_REASON = 500


def release(visit: Visit) -> Response:
    """The release that is out; with `?look=1` also what a new one would be, which takes a while."""
    return _page(visit, is_looked=visit.asked("look") == "1")


def release_now(visit: Visit) -> Response:
    """Make a release at once, for a reason that the audit log keeps."""
    district = district_of(visit)
    reason = visit.given("reason").strip()[:_MOST_REASON]
    if not reason:
        return _page(visit, problem="Say why, for the audit log. Nothing was released.", status=422)
    try:
        ask_for_release(visit.settings, district.district_id, by=visit.who, reason=reason)
    except NoLookError as error:
        return _page(visit, problem=str(error), reason=reason, status=409)
    return visit.go(_AT.format(district_id=district.district_id), "The numbers were released. Below is what everybody sees now.")


def _page(visit: Visit, *, is_looked: bool = False, problem: str = "", reason: str = "", status: int = 200) -> Response:
    district = district_of(visit)
    look = None
    if is_looked:
        try:
            look = look_at_release(visit.settings, district.district_id)
        except NoLookError as error:
            problem, status = str(error), 409
    out = next(iter(list_releases(visit.settings, district.district_id)), None)
    return visit.page(
        "staff_release.html", status=status, district=district, privacy=district.settings.privacy, out=out, look=look,
        problem=problem, reason=reason,
    )  # fmt: skip


PAGES = [Page(_AT, Need.STAFF, get=release, post=release_now)]
