"""The pages of the noticeboard, under the addresses that the portal hands on: `/p/<district>` and `/d/<district>/reports`.

Nothing on a page is counted, sorted or drawn from anything but what the released file shows. Who asks was let in by the portal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from subgroup_pipeline.desk.dashboard.download import csv_of, xlsx_of
from subgroup_pipeline.districts.privacy_profiles import profile
from subgroup_pipeline.noticeboard.numbers import find_place
from subgroup_pipeline.noticeboard.views import VIEWS, words_of_level
from subgroup_pipeline.portal.rendering import render
from subgroup_pipeline.portal.shield import AddressAsSent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from subgroup_pipeline.noticeboard.board import Board, Lying
    from subgroup_pipeline.noticeboard.numbers import Place, Row

ROOTS = ("/p/{district_id}", "/d/{district_id}/reports")
PLACES = ("", "/schools/{school_id}", "/schools/{school_id}/courses/{course_id}")
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILES: dict[str, tuple[str, Callable[[str, dict[str, Sequence[Row]]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", lambda _, sheets: csv_of([row for rows in sheets.values() for row in rows])),
    "xlsx": (_EXCEL, xlsx_of),
}


def noticeboard_app(board: Board) -> Starlette:
    """The application over a folder. A place that is not released gets a bare 404, which the portal words."""

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(_answer, board, request)

    routes = [Route(root + place, answer, methods=["GET"]) for root in ROOTS for place in PLACES]
    return Starlette(routes=routes, middleware=[Middleware(AddressAsSent)])


@dataclass(frozen=True)
class Address:
    """Where a page is: the root of its district's pages, its own path, and what stands behind the `?`."""

    root: str
    here: str
    asked: dict[str, str]

    @property
    def is_public(self) -> bool:
        """Whether everybody may see it."""
        return self.root.startswith("/p/")

    def query(self, **changes: str) -> str:
        """The address of this page with some choices changed."""
        chosen = {name: value for name, value in (self.asked | changes).items() if value}
        return f"{self.here}?{urlencode(chosen)}" if chosen else self.here

    def school(self, school_id: str) -> str:
        """The address of a school."""
        return f"{self.root}/schools/{quote(school_id, safe='')}"

    def part(self, place: Place, part_id: str) -> str:
        """The address of a part of a place: a school of a district, a course of a school."""
        return f"{self.here}/{'schools' if place.level == 'district' else 'courses'}/{quote(part_id, safe='')}"


def _answer(board: Board, request: Request) -> Response:
    parts = {name: unquote(part) for name, part in request.path_params.items()}
    here, of_root = request.scope["path"], 3 if request.scope["path"].startswith("/p/") else 4
    address = Address("/".join(here.split("/")[:of_root]), here, dict(request.query_params))
    with board.look() as lying:
        place = find_place(lying, parts["district_id"], parts.get("school_id"), parts.get("course_id")) if lying else None
        if lying is None or place is None:
            return PlainTextResponse("", status_code=404)
        tag = f'"{lying.posted.snapshot}.{place.release.release_id}"'
        headers = {"etag": tag, "cache-control": "public, max-age=300" if address.is_public else "no-store"}
        if address.is_public and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return _shown(lying, place, address, headers)


def _shown(lying: Lying, place: Place, address: Address, headers: dict[str, str]) -> Response:
    views = [view for view in VIEWS if place.level in view.levels]
    view = next((view for view in views if view.name == address.asked.get("view")), views[0])
    content = view.read(lying, place, address.asked)
    form = address.asked.get("format", "")
    if form in _FILES:
        return _file(place, form, content.sheets, headers)
    values: dict[str, Any] = {
        "place": place,
        "address": address,
        "views": views,
        "view": view,
        "rule": profile(place.release.profile),
        "level": words_of_level(place),
    }
    body = render(view.template, person=None, said="", **values, **content.values)
    return HTMLResponse(body, headers=headers)


def _file(place: Place, form: str, sheets: dict[str, list[Row]], headers: dict[str, str]) -> Response:
    """The rows that are on the page, as they stand in the released file, each with its release in front."""
    of = {"release_id": place.release.release_id, "released_at": f"{place.release.released_at.isoformat()}Z"}
    media_type, make = _FILES[form]
    content = make(place.name, {report: [{"report": report, **of, **row} for row in rows] for report, rows in sheets.items()})
    name = f"{place.district_id}_{place.level}_{place.as_of_date}.{form}"
    return Response(content, media_type=media_type, headers={**headers, "content-disposition": f'attachment; filename="{name}"'})
