"""“Check a file without delivering it”: what a night would say about a file of the district."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.tried_file import MOST_BODY, MOST_MEGABYTES, TriedFile, try_file

if TYPE_CHECKING:
    from starlette.responses import Response


def form(visit: Visit) -> Response:
    """The form for a file."""
    return _page(visit, TriedFile())


def answer(visit: Visit) -> Response:
    """What a night would say about the file."""
    district_id = district_of(visit).district_id
    return _page(visit, try_file(visit, district_id, actor=visit.who, limited_by=district_id))


def _page(visit: Visit, tried: TriedFile) -> Response:
    district = district_of(visit)
    return district_page(
        visit,
        "district_try.html",
        district,
        status=tried.status,
        checked=tried.checked,
        wrong=tried.wrong,
        most_megabytes=MOST_MEGABYTES,
        has_subgroup_file=district.settings.has_subgroup_file,
    )


PAGES = [Page("/d/{district_id}/try", Need.DELIVERIES, get=form, post=answer, most_bytes=MOST_BODY)]
