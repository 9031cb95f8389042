"""One student: who it is, where they are, the value of each subgroup with where it came from, and their results."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.entity import list_schools
from subgroup_pipeline.desk.dashboard.students import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from subgroup_pipeline.desk.dashboard.entity import School
    from subgroup_pipeline.desk.dashboard.groups import Words
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


@dataclass(frozen=True)
class _Attends:
    school_id: str


@dataclass(frozen=True)
class _Titled:
    school_id: str
    course_id: str
    course_title: str | None


@dataclass(frozen=True, kw_only=True)
class _Seat:
    school_id: str
    course_id: str | None
    class_id: str
    begin_date: date | None
    end_date: date | None


@dataclass(frozen=True, kw_only=True)
class CourseOfStudent(_Seat):
    """A class that the student is enrolled in: columns of `fct_enrollment`."""

    school_name: str | None
    course_title: str | None


@dataclass(frozen=True, kw_only=True)
class ValueOfStudent:
    """The value of a subgroup and where it came from: columns of `fct_student_subgroup`. `received_at` is in UTC."""

    subgroup: str
    value: str
    raw_value: str | None
    source: str
    delivery_id: str | None
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class PastValue:
    """A value from one build to another: columns of `fct_student_subgroup_history`. Times are in UTC."""

    subgroup: str
    value: str
    valid_from: datetime
    valid_to: datetime | None
    delivery_id: str | None


@dataclass(frozen=True, kw_only=True)
class _Scored:
    school_id: str
    course_id: str | None
    line_item_id: str
    line_item_title: str | None
    due_date: date | None
    score: float
    score_pct: float


@dataclass(frozen=True, kw_only=True)
class ResultOfStudent(_Scored):
    """A score of the student: columns of `fct_result`; `score_pct` is in percent of what could be had."""

    course_title: str | None


_OWN = "($own is null or {of}.school_id in $own)"


def find_student(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> Student | None:
    """The student; None for one who is not in the roster, or in none of the schools that the reader is limited to."""
    query = """
        select student_id, student_number, given_name, family_name, grade_level, is_active from marts.dim_student
        where student_id = $student_id
    """
    if own_schools is not None and not schools_of(shown, student_id, own_schools):
        return None
    return next(iter(shown.kept(Student, query, student_id=student_id)), None)


def schools_of(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> list[School]:
    """The schools that the student counts in and the reader may see, by name."""
    query = "select school_id from marts.fct_student_school where student_id = $student_id"
    attended = {one.school_id for one in shown.kept(_Attends, query, student_id=student_id)}
    return [school for school in list_schools(shown, own_schools) if school.school_id in attended]


def courses_of(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> list[CourseOfStudent]:
    """The classes that the student is enrolled in at schools that the reader may see, by names of schools and courses."""
    query = f"""
        select school_id, course_id, class_id, begin_date, end_date from marts.fct_enrollment as taken
        where student_id = $student_id and {_OWN.format(of="taken")}
    """
    schools = {school.school_id: school.school_name for school in list_schools(shown)}
    titles = _titles(shown)
    found = [
        CourseOfStudent(
            **vars(seat), school_name=schools.get(seat.school_id), course_title=titles.get((seat.school_id, seat.course_id))
        )
        for seat in shown.kept(_Seat, query, **_seen(student_id, own_schools))
    ]
    return sorted(found, key=lambda one: (_last(one.school_name), _last(one.course_title), one.class_id))


def values_of(shown: ShownRows, student_id: str, words: Words) -> list[ValueOfStudent]:
    """The value of each subgroup, in the order of the settings; none of a student who is not active."""
    query = """
        select subgroup, value, raw_value, source, delivery_id, received_at from marts.fct_student_subgroup
        where student_id = $student_id
    """
    found = shown.kept(ValueOfStudent, query, student_id=student_id)
    shown_here = [one for one in found if one.subgroup in words.labels and one.subgroup != EVERYONE]
    return sorted(shown_here, key=lambda one: words.place(one.subgroup))


def past_of(shown: ShownRows, student_id: str, words: Words) -> list[PastValue]:
    """What the student had in each subgroup, by the order of the settings and time; first when they were active."""
    query = """
        select subgroup, value, valid_from, valid_to, delivery_id from marts.fct_student_subgroup_history
        where student_id = $student_id
    """
    found = [one for one in shown.kept(PastValue, query, student_id=student_id) if one.subgroup in words.labels]
    return sorted(found, key=lambda one: (words.place(one.subgroup), one.valid_from))


def results_of(shown: ShownRows, student_id: str, own_schools: frozenset[str] | None) -> list[ResultOfStudent]:
    """Every score of the student at schools that the reader may see, by course, the newest first."""
    query = f"""
        select school_id, course_id, line_item_id, line_item_title, due_date, score, score_pct from marts.fct_result as scored
        where student_id = $student_id and {_OWN.format(of="scored")}
        order by due_date desc nulls last, line_item_title, line_item_id
    """
    titles = _titles(shown)
    found = [
        ResultOfStudent(**vars(scored), course_title=titles.get((scored.school_id, scored.course_id)))
        for scored in shown.kept(_Scored, query, **_seen(student_id, own_schools))
    ]
    return sorted(found, key=lambda one: (_last(one.course_title), _last(one.course_id)))


def means_of(results: Sequence[ResultOfStudent]) -> dict[tuple[str, str | None], float]:
    """The mean over the results in each course, in percent, by school and course."""
    scores = defaultdict(list)
    for one in results:
        scores[one.school_id, one.course_id].append(one.score_pct)
    return {course: fmean(found) for course, found in scores.items()}


def _titles(shown: ShownRows) -> dict[tuple[str, str | None], str | None]:
    """Titles of courses by school and course; kept, for they are those of every student of the district."""
    query = "select school_id, course_id, course_title from marts.dim_course"
    return {(one.school_id, one.course_id): one.course_title for one in shown.kept(_Titled, query)}


def _last(text: str | None) -> tuple[bool, str]:
    """What a text sorts by; one that is not there comes last."""
    return text is None, text or ""


def _seen(student_id: str, own_schools: frozenset[str] | None) -> dict[str, object]:
    return {"student_id": student_id, "own": None if own_schools is None else sorted(own_schools)}
