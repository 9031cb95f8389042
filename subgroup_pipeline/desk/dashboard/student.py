"""One student: who it is, where they are, the value of each subgroup with where it came from, and their results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.students import BY_STUDENT, name_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows


@dataclass(frozen=True, kw_only=True)
class Student:
    """Columns of `dim_student`."""

    student_id: str
    student_number: str | None
    given_name: str | None
    family_name: str | None
    grade_level: str | None
    is_active: bool

    @property
    def name(self) -> str:
        """The name as lists have it; the ID where the roster gives none."""
        return name_of(self.given_name, self.family_name) or self.student_id


@dataclass(frozen=True, kw_only=True)
class SchoolOfStudent:
    """A school that the student counts in: columns of `fct_student_school` and `dim_school`."""

    school_id: str
    school_name: str | None

    @property
    def name(self) -> str:
        """Its name; its ID where the roster gives none."""
        return self.school_name or self.school_id


@dataclass(frozen=True, kw_only=True)
class CourseOfStudent:
    """A class that the student is enrolled in, with their mean score in its course, in percent: columns of `fct_enrollment`."""

    school_id: str
    school_name: str | None
    course_id: str | None
    course_title: str | None
    class_id: str
    begin_date: date | None
    end_date: date | None
    mean_score_pct: float | None


@dataclass(frozen=True, kw_only=True)
class ValueOfStudent:
    """The value of a subgroup and where it came from: columns of `fct_student_subgroup`. `received_at` is in UTC."""

    subgroup: str
    subgroup_label: str
    value: str
    value_label: str
    raw_value: str | None
    source: str
    delivery_id: str | None
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class PastValue:
    """A value from one build to another: columns of `fct_student_subgroup_history`. Times are in UTC."""

    subgroup: str
    subgroup_label: str
    value: str
    value_label: str
    is_member: bool | None
    valid_from: datetime
    valid_to: datetime | None
    delivery_id: str | None


@dataclass(frozen=True, kw_only=True)
class ResultOfStudent:
    """A score of the student: columns of `fct_result`; `score_pct` is in percent of what could be had."""

    school_id: str
    course_id: str | None
    course_title: str | None
    line_item_id: str
    line_item_title: str | None
    due_date: date | None
    score: float
    score_pct: float


_OWN = "($own is null or {of}.school_id in $own)"


def find_student(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> Student | None:
    """The student; None for one who is not in the roster, or in none of the schools that the reader is limited to."""
    query = """
        select student_id, student_number, given_name, family_name, grade_level, is_active from marts.dim_student
        where student_id = $student_id and ($own is null or exists (
            from marts.fct_student_school where student_id = $student_id and school_id in $own
        ))
    """
    own = None if own_schools is None else sorted(own_schools)
    return next(iter(shown.rows(Student, query, student_id=student_id, own=own)), None)


def schools_of(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> list[SchoolOfStudent]:
    """The schools that the student counts in and the reader may see, by name."""
    query = f"""
        select school_id, school.school_name
        from marts.fct_student_school as attends
        inner join marts.dim_school as school using (school_id)
        where student_id = $student_id and {_OWN.format(of="attends")}
        order by school_name, school_id
    """
    return shown.rows(SchoolOfStudent, query, **_seen(student_id, own_schools))


def courses_of(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> list[CourseOfStudent]:
    """The classes that the student is enrolled in at schools that the reader may see."""
    query = f"""
        with scored as (
            select school_id, course_id, avg(score_pct) as mean_score_pct
            from marts.fct_result where student_id = $student_id group by school_id, course_id
        )
        select
            taken.school_id, school.school_name, taken.course_id, course.course_title, taken.class_id, taken.begin_date,
            taken.end_date, scored.mean_score_pct
        from marts.fct_enrollment as taken
        left join marts.dim_school as school on school.school_id = taken.school_id
        left join marts.dim_course as course on course.school_id = taken.school_id and course.course_id = taken.course_id
        left join scored on scored.school_id = taken.school_id and scored.course_id = taken.course_id
        where taken.student_id = $student_id and {_OWN.format(of="taken")}
        order by school_name, course_title, class_id
    """
    return shown.rows(CourseOfStudent, query, **_seen(student_id, own_schools))


def values_of(shown: ShownRows, student_id: str) -> list[ValueOfStudent]:
    """The value of each subgroup, in the order of the settings; none of a student who is not active."""
    query = f"""
        select
            subgroup, described.subgroup_label, value, described.value_label, has.raw_value, has.source, has.delivery_id,
            has.received_at
        from marts.fct_student_subgroup as has
        inner join marts.dim_subgroup as described using (subgroup, value)
        where student_id = $student_id and subgroup <> '{EVERYONE}' and {BY_STUDENT}
        order by described.display_order
    """
    return shown.rows(ValueOfStudent, query, student_id=student_id)


def past_of(shown: ShownRows, student_id: str) -> list[PastValue]:
    """What the student had in each subgroup, by the order of the settings and time; first when they were active."""
    query = f"""
        with labelled as (
            select subgroup, any_value(subgroup_label) as subgroup_label, min(display_order) as display_order
            from marts.dim_subgroup where {BY_STUDENT} group by subgroup
        )
        select
            subgroup, labelled.subgroup_label, value, coalesce(described.value_label, value) as value_label,
            described.is_member, past.valid_from, past.valid_to, past.delivery_id
        from marts.fct_student_subgroup_history as past
        inner join labelled using (subgroup)
        left join marts.dim_subgroup as described using (subgroup, value)
        where student_id = $student_id
        order by subgroup <> '{EVERYONE}', labelled.display_order, valid_from
    """
    return shown.rows(PastValue, query, student_id=student_id)


def results_of(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> list[ResultOfStudent]:
    """Every score of the student at schools that the reader may see, by course, the newest first."""
    query = f"""
        select
            scored.school_id, scored.course_id, course.course_title, scored.line_item_id, scored.line_item_title,
            scored.due_date, scored.score, scored.score_pct
        from marts.fct_result as scored
        left join marts.dim_course as course on course.school_id = scored.school_id and course.course_id = scored.course_id
        where student_id = $student_id and {_OWN.format(of="scored")}
        order by course_title, scored.course_id, due_date desc nulls last, line_item_title, line_item_id
    """
    return shown.rows(ResultOfStudent, query, **_seen(student_id, own_schools))


def _seen(student_id: str, own_schools: frozenset[str] | None) -> dict[str, object]:
    return {"student_id": student_id, "own": None if own_schools is None else sorted(own_schools)}
