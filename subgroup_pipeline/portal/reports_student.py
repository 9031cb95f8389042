"""`/d/<id>/reports/students/<student_id>`: one student, the values with where they came from, and results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need, may, schools_seen
from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.entity import find_entity
from subgroup_pipeline.desk.dashboard.student import courses_of, find_student, results_of, schools_of, values_of
from subgroup_pipeline.desk.student_views import record_viewed, student_mark
from subgroup_pipeline.portal.district_frame import district_of
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.reports_address import path_of
from subgroup_pipeline.portal.reports_frame import form_asked, report_page, shown_of

if TYPE_CHECKING:
    from starlette.responses import Response

SOURCES = {"file": "subgroup file", "roster_metadata": "roster", "demographics": "demographics of the roster"}
"""Where a value was read, in words."""


def student(visit: Visit) -> Response:
    """The page. Raises HTTPException (404) for who is not in the roster, or in no school of the reader."""
    district, own, student_id = district_of(visit), schools_seen(visit.person), visit.path("student_id")
    with shown_of(visit, district) as shown:
        entity = find_entity(shown) if shown else None
        found = find_student(shown, student_id, own) if shown else None
        if shown is None or entity is None or found is None:
            raise HTTPException(404)
        mark = student_mark(visit.of.key, district.district_id, student_id)
        record_viewed(
            visit.registry, actor=visit.who, district_id=district.district_id, mark=mark, snapshot=shown.snapshot,
            form=form_asked(visit),
        )  # fmt: skip
        schools, courses = schools_of(shown, student_id, own), courses_of(shown, student_id, own)
        values, results = values_of(shown, student_id), results_of(shown, student_id, own)
        parts = [
            Part("dim_student", [found]), Part("fct_student_school", schools), Part("fct_enrollment", courses),
            Part("fct_student_subgroup", values), Part("fct_result", results),
        ]  # fmt: skip
        crumbs = [(path_of(district.district_id), entity.district_name), (path_of(district.district_id, "students"), "Students")]
        return report_page(
            visit, "reports_student.html", district, shown, entity, parts, about="student", heading=found.name, crumbs=crumbs,
            student=found, schools=schools, courses=courses, values=values, results=results, sources=SOURCES, path_of=path_of,
            sees_deliveries=may(visit.person, Need.DELIVERIES, district.district_id),
        )  # fmt: skip


PAGES = [Page("/d/{district_id}/reports/students/{student_id}", Need.STUDENTS, get=student)]
