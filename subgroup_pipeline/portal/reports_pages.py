"""`/d/<id>/reports`: the dashboard's pages for a district, a school and a course, on screen and as files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from subgroup_pipeline.access.roles import Need, may
from subgroup_pipeline.desk.dashboard.download import DOWNLOADS, Shown
from subgroup_pipeline.desk.dashboard.entity import Level, find_entity, list_schools
from subgroup_pipeline.desk.dashboard.glossary import glossary
from subgroup_pipeline.desk.dashboard.shown_rows import open_shown
from subgroup_pipeline.desk.dashboard.state_of_data import state_of_data
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.reports_address import Asked, part_path, path_of, school_path
from subgroup_pipeline.portal.reports_views import views_of

if TYPE_CHECKING:
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.districts.registered import RegisteredDistrict


def of_district(visit: Visit) -> Response:
    """The whole district; people of schools are led to their schools, and who sees no reports is told why."""
    district = district_of(visit)
    if may(visit.person, Need.REPORTS, district.district_id):
        return _report(visit, district)
    schools = visit.person.school_ids if visit.person else frozenset[str]()
    if len(schools) == 1:
        return visit.go(path_of(district.district_id, "schools", *schools))
    with open_shown(visit.settings, district.district_id) as shown:
        own = list_schools(shown, schools) if shown else []
    return district_page(visit, "reports_own_schools.html", district, schools=own, path_of=path_of)


def of_school(visit: Visit) -> Response:
    """One school."""
    return _report(visit, district_of(visit), visit.path("school_id"))


def of_course(visit: Visit) -> Response:
    """One course at a school."""
    return _report(visit, district_of(visit), visit.path("school_id"), visit.path("course_id"))


def _report(visit: Visit, district: RegisteredDistrict, school_id: str | None = None, course_id: str | None = None) -> Response:
    """A report on screen or as a file. Raises HTTPException: 404 for what is not published, 503 where it cannot be read."""
    asked, form = Asked.read(visit.request.query_params), visit.asked("format")
    try:
        with open_shown(visit.settings, district.district_id) as shown:
            if shown is None and school_id is None:
                return district_page(visit, "reports_none.html", district)
            entity = find_entity(shown, school_id, course_id) if shown else None
            if shown is None or entity is None:
                raise HTTPException(404)
            views = views_of(entity)
            view = next((view for view in views if view.name == asked.view), views[0])
            content = view.read(shown, entity, asked)
            state = state_of_data(shown, entity, district.settings.timezone, datetime.now(UTC))
            if form in DOWNLOADS:
                return _file(Shown(entity, shown.snapshot, content.parts), form)
    except PublishError as error:
        raise HTTPException(503, "The reports cannot be read at the moment. Try again later.") from error
    return district_page(
        visit, view.template, district, entity=entity, views=views, view=view, asked=asked, crumbs=_crumbs(visit, entity),
        here=str(visit.request.url.path), part_path=part_path, state=state, terms=glossary(content.parts), **content.values,
    )  # fmt: skip


def _crumbs(visit: Visit, entity: Entity) -> list[tuple[str, str]]:
    """The way to an entity, as addresses and words, without itself; people of schools do not come by the district."""
    steps = []
    if entity.school_id is not None and may(visit.person, Need.REPORTS, entity.district_id):
        steps.append((path_of(entity.district_id), entity.district_name))
    if entity.course_id is not None and entity.school_id is not None:
        steps.append((school_path(entity, entity.school_id), entity.school_name or entity.school_id))
    return steps


def _file(shown: Shown, form: str) -> Response:
    media_type, make = DOWNLOADS[form]
    name = f"{shown.entity.district_id}_{shown.entity.level}_{shown.entity.as_of_date}.{form}"
    return Response(make(shown), media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})


_AT = "/d/{district_id}/reports"
_SCHOOL = _AT + "/schools/{school_id}"
REPORT_PATHS = {Level.DISTRICT: _AT, Level.SCHOOL: _SCHOOL, Level.COURSE: _SCHOOL + "/courses/{course_id}"}
"""The address of the report of each level."""
PAGES = [
    Page(REPORT_PATHS[Level.DISTRICT], Need.OVERVIEW, get=of_district),
    Page(REPORT_PATHS[Level.SCHOOL], Need.REPORTS, get=of_school),
    Page(REPORT_PATHS[Level.COURSE], Need.REPORTS, get=of_course),
]
