"""`/d/<id>/reports/students/<student_id>`: one student, the values with where they came from, and results."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need, may, schools_seen
from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.entity import find_entity
from subgroup_pipeline.desk.dashboard.groups import Words, list_groups
from subgroup_pipeline.desk.dashboard.student import (
    courses_of,
    find_student,
    means_of,
    past_of,
    results_of,
    schools_of,
    values_of,
)
from subgroup_pipeline.desk.student_views import record_viewed, student_mark
from subgroup_pipeline.districts.subgroup_settings import NOT_REPORTED
from subgroup_pipeline.portal.charts.timeline import Stretch, timeline
from subgroup_pipeline.portal.district_frame import district_of
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.reports_address import path_of
from subgroup_pipeline.portal.reports_frame import form_asked, report_page, shown_of

if TYPE_CHECKING:
    from datetime import datetime

    from markupsafe import Markup
    from starlette.responses import Response

    from subgroup_pipeline.desk.dashboard.student import PastValue

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
        words = Words.of(list_groups(shown))
        values, past = values_of(shown, student_id, words), past_of(shown, student_id, words)
        results = results_of(shown, student_id, own)
        parts = [
            Part("dim_student", [found]), Part("dim_school", schools), Part("fct_enrollment", courses),
            Part("fct_student_subgroup", values),
            Part("fct_student_subgroup_history", past), Part("fct_result", results),
        ]  # fmt: skip
        crumbs = [(path_of(district.district_id), entity.district_name), (path_of(district.district_id, "students"), "Students")]
        return report_page(
            visit, "reports_student.html", district, shown, entity, parts, about="student", heading=found.name, crumbs=crumbs,
            student=found, schools=schools, courses=courses, values=values, words=words,
            past=lines_of(past, words, entity.published_at), means=means_of(results),
            results=results, sources=SOURCES, path_of=path_of,
            sees_deliveries=may(visit.person, Need.DELIVERIES, district.district_id),
        )  # fmt: skip


@dataclass(frozen=True)
class PastLine:
    """The past of one subgroup: its values in the order of time, and the line that draws them."""

    label: str
    values: list[PastValue]
    drawn: Markup


def lines_of(past: list[PastValue], words: Words, until: datetime) -> list[PastLine]:
    """The past by subgroup; every line begins with the first value of any, and ends when the rows were published."""
    begin = min((one.valid_from for one in past), default=until)
    lines = []
    for subgroup, found in groupby(past, key=lambda one: one.subgroup):
        values = list(found)
        label = "In the district" if subgroup == EVERYONE else words.labels[subgroup]
        stretches = [Stretch(_kind(one, words), one.valid_from, one.valid_to or until) for one in values]
        lines.append(PastLine(label, values, timeline(stretches, begin, until)))
    return lines


def _kind(one: PastValue, words: Words) -> str:
    if one.value == NOT_REPORTED:
        return "unknown"
    group = words.groups.get((one.subgroup, one.value))
    return "out" if group and group.is_member is False else "in"


PAGES = [Page("/d/{district_id}/reports/students/{student_id}", Need.STUDENTS, get=student)]
