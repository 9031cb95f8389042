"""Every published table that the model knows, of a district that was built: reports, facts, dimensions and the history."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.oracle.past import changes_of, held_at, history_of
from tests.oracle.tables import REPORTS, Columns, Rows, expected_groups, expected_reports, level_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.month.past import Past

FACTS: Columns = {
    "fct_student_subgroup": ("student_id, subgroup", "value, raw_value, delivery_id"),
    "fct_enrollment": ("student_id, school_id, course_id, class_id", ""),
    "dim_district": ("", "student_count, as_of_date, school_year, roster_delivery_id, subgroup_delivery_id"),
    "dim_school": ("school_id", "student_count"),
    "dim_course": ("school_id, course_id", "student_count"),
    "dim_student": ("student_id", "is_active"),
}
HISTORY: Columns = {
    "fct_student_subgroup_history": ("student_id, subgroup, valid_from", "valid_to, value, is_current, delivery_id"),
    "rpt_subgroup_change": ("effective_at, subgroup, from_value, to_value", "student_count"),
    "rpt_trend_subgroup": (
        "level, school_id, course_id, month, subgroup, value",
        "student_count, total_students, scored_students, mean_score_pct, score_gap_pct, school_year, term",
    ),
}


def tables_on(days: Sequence[date]) -> Columns:
    """Every table, and the values that held at the end of each of these days."""
    return {**REPORTS, **FACTS, **HISTORY, **{_on(day): ("student_id, subgroup", "value") for day in days}}


def _on(day: date) -> str:
    return f"student_subgroup_on('{day}')"


def expected_tables(district: str, past: Past, days: Sequence[date]) -> dict[str, Rows]:
    """What the tables must hold of a district."""
    reports = expected_reports(past.settings, past.newest.expected, past.newest.results)
    return {**reports, **_facts(district, past), **_history(district, past), **_days(district, past, days)}


def _facts(district: str, past: Past) -> dict[str, Rows]:
    build, expected = past.newest, past.newest.expected
    said_by = build.state.said_by
    file = build.subgroups.delivery_id if build.subgroups else None
    about = (expected.totals[district,], expected.as_of, expected.school_year, build.roster.delivery_id, file)
    places = {level: {at: (n,) for at, n in expected.totals.items() if level_of(at) == level} for level in ("school", "course")}
    return {
        "fct_student_subgroup": {
            (district, *at): (value, expected.raw_values.get(at), said_by[at])
            for at, value in expected.fct_student_subgroup.items()
        },
        "fct_enrollment": {(district, e.student, e.school, e.course, e.class_id): () for e in expected.enrollments},
        "dim_district": {(district,): about},
        "dim_school": dict(places["school"]),
        "dim_course": dict(places["course"]),
        "dim_student": {(district, student): (is_active,) for student, is_active in expected.students.items()},
    }


def _history(district: str, past: Past) -> dict[str, Rows]:
    states = past.states()
    stretches: Rows = {}
    for (student, subgroup, since), row in history_of(states).items():
        until = _naive(row.valid_to) if row.valid_to else None
        stretches[district, student, subgroup, _naive(since)] = (until, row.value, until is None, row.said_by)
    return {
        "fct_student_subgroup_history": stretches,
        "rpt_subgroup_change": {(district, _naive(since), *step): (n,) for (since, *step), n in changes_of(states).items()},
        "rpt_trend_subgroup": dict(_trend(district, past)),
    }


def _days(district: str, past: Past, days: Sequence[date]) -> dict[str, Rows]:
    """A day ends at midnight where the district is."""
    states, zone = past.states(), ZoneInfo(past.settings["timezone"])
    ends = {day: datetime.combine(day + timedelta(days=1), time(), zone) for day in days}
    return {_on(day): {(district, *at): (value,) for at, value in held_at(states, end).items()} for day, end in ends.items()}


def _trend(district: str, past: Past) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    for month, build in past.months.items():
        for at, counted in expected_groups(build.expected, build.results):
            place = at[:-2]
            school, course = (*place[1:], None, None)[:2]
            yield (district, level_of(place), school, course, month, *at[-2:]), (*counted, build.expected.school_year, build.term)


def _naive(moment: datetime) -> datetime:
    """As DuckDB gives a TIMESTAMP."""
    return moment.astimezone(UTC).replace(tzinfo=None)
