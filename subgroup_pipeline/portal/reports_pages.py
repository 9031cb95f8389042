"""`/d/<id>/reports`: the dashboard's pages for a district, a school and a course, each with its views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need, may
from subgroup_pipeline.desk.dashboard.entity import Level, find_entity, list_schools
from subgroup_pipeline.desk.dashboard.groups import list_groups
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.released import released_page
from subgroup_pipeline.portal.reports_address import Asked, path_of, students_path
from subgroup_pipeline.portal.reports_frame import report_page, shown_of
from subgroup_pipeline.portal.reports_views import views_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.districts.registered import RegisteredDistrict


def of_district(visit: Visit) -> Response:
    """The whole district; people of schools are led to their schools, and who sees what is released only gets that."""
    district = district_of(visit)
    if may(visit.person, Need.REPORTS, district.district_id):
        return _report(visit, district)
    if may(visit.person, Need.RELEASED, district.district_id):
        return released_of_district(visit, district)
    schools = visit.person.school_ids if visit.person else frozenset[str]()
    if len(schools) == 1:
        return visit.go(path_of(district.district_id, "schools", *schools))
    with shown_of(visit, district) as shown:
        own = list_schools(shown, schools) if shown else []
    return district_page(visit, "reports_own_schools.html", district, schools=own, path_of=path_of)


def of_school(visit: Visit) -> Response:
    """One school."""
    return _of_place(visit, visit.path("school_id"))


def of_course(visit: Visit) -> Response:
    """One course at a school."""
    return _of_place(visit, visit.path("school_id"), visit.path("course_id"))


def released_of_district(visit: Visit, district: RegisteredDistrict) -> Response:
    """What is released of the whole district, or that nothing is yet."""
    page = released_page(visit, path_of(district.district_id))
    return page or district_page(visit, "reports_own_schools.html", district, schools=[])


def _of_place(visit: Visit, school_id: str, course_id: str | None = None) -> Response:
    """A school or course as it is counted, or as it is released. Raises HTTPException (404) for one that is not there."""
    district = district_of(visit)
    if may(visit.person, Need.REPORTS, district.district_id, school_id):
        return _report(visit, district, school_id, course_id)
    page = released_page(visit, visit.request.scope["path"])
    if page is None:
        raise HTTPException(404)
    return page


def _report(visit: Visit, district: RegisteredDistrict, school_id: str | None = None, course_id: str | None = None) -> Response:
    """The view of a report that is asked for. Raises HTTPException (404) for a school or course that is not published."""
    asked = Asked.read(visit.request.query_params)
    with shown_of(visit, district) as shown:
        if shown is None and school_id is None:
            return district_page(visit, "reports_none.html", district)
        entity = find_entity(shown, school_id, course_id) if shown else None
        if shown is None or entity is None:
            raise HTTPException(404)
        views = views_of(entity)
        view = next((view for view in views if view.name == asked.view), views[0])
        content = view.read(shown, entity, asked)
        lists_students = may(visit.person, Need.STUDENTS, district.district_id, school_id)
        listed = {(group.subgroup, group.value) for group in list_groups(shown)} if lists_students else set()
        return report_page(
            visit, view.template, district, shown, entity, content.parts, views=views, view=view, listed=listed,
            students_path=students_path, **content.values,
        )  # fmt: skip


_AT = "/d/{district_id}/reports"
_SCHOOL = _AT + "/schools/{school_id}"
REPORT_PATHS = {Level.DISTRICT: _AT, Level.SCHOOL: _SCHOOL, Level.COURSE: _SCHOOL + "/courses/{course_id}"}
"""The address of the report of each level."""
PAGES = [
    Page(REPORT_PATHS[Level.DISTRICT], Need.OVERVIEW, get=of_district),
    Page(REPORT_PATHS[Level.SCHOOL], Need.RELEASED, get=of_school),
    Page(REPORT_PATHS[Level.COURSE], Need.RELEASED, get=of_course),
]
