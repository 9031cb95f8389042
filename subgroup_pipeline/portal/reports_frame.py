"""What every report begins with: the way to it, what to know before its numbers are used, and the same rows as a file."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from subgroup_pipeline.access.roles import Need, may
from subgroup_pipeline.desk.dashboard.download import DOWNLOADS, Shown
from subgroup_pipeline.desk.dashboard.glossary import glossary
from subgroup_pipeline.desk.dashboard.shown_rows import open_shown
from subgroup_pipeline.desk.dashboard.state_of_data import state_of_data
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.portal.district_frame import district_page
from subgroup_pipeline.portal.reports_address import Asked, part_path, path_of, school_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from subgroup_pipeline.desk.dashboard.download import Part
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.portal.page import Visit

Crumb = tuple[str, str]
"""An address, and the words of the link to it."""


@contextmanager
def shown_of(visit: Visit, district: RegisteredDistrict) -> Iterator[ShownRows | None]:
    """The published rows of a district; None before its first publish. Raises HTTPException (503) where they cannot be read."""
    try:
        with open_shown(visit.settings, district.district_id) as shown:
            yield shown
    except PublishError as error:
        raise HTTPException(503, "The reports cannot be shown until the next run has published them anew.") from error


def report_page(
    visit: Visit,
    template: str,
    district: RegisteredDistrict,
    shown: ShownRows,
    entity: Entity,
    parts: Sequence[Part],
    *,
    about: str = "",
    **values: Any,  # noqa: ANN401 - a template's values
) -> Response:
    """A report of an entity: `parts` as a file where the address asks for one, else the page, which extends `reports.html`.

    The name of the file says what it is `about`, which is the entity's level unless given.
    """
    if form := form_asked(visit):
        return _file(Shown(entity, shown.snapshot, parts), about or entity.level, form)
    defaults = {
        "entity": entity,
        "crumbs": crumbs_to(visit, entity),
        "views": [],
        "asked": Asked.read(visit.request.query_params),
        "here": str(visit.request.url.path),
        "part_path": part_path,
        "state": state_of_data(shown, entity, district.settings.timezone, datetime.now(UTC)),
        "terms": glossary(parts),
    }
    return district_page(visit, template, district, **(defaults | values))


def form_asked(visit: Visit) -> str:
    """The form of the file that an address asks for; empty for a page."""
    form = visit.asked("format")
    return form if form in DOWNLOADS else ""


def crumbs_to(visit: Visit, entity: Entity) -> list[Crumb]:
    """The way to an entity, without itself; people of schools do not come by the district."""
    steps = []
    if entity.school_id is not None and may(visit.person, Need.REPORTS, entity.district_id):
        steps.append((path_of(entity.district_id), entity.district_name))
    if entity.course_id is not None and entity.school_id is not None:
        steps.append((school_path(entity, entity.school_id), entity.school_name or entity.school_id))
    return steps


def _file(shown: Shown, about: str, form: str) -> Response:
    media_type, make = DOWNLOADS[form]
    name = f"{shown.entity.district_id}_{about}_{shown.entity.as_of_date}.{form}"
    return Response(make(shown), media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
