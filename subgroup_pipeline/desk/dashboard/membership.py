"""When a student must have had a value to be on a list: on the day that the reports count, now, or ever this year."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date

_JULY = 7


class Membership(StrEnum):
    """At which time a student had the value, by the word in an address."""

    DAY = ""
    """As the reports count: the value in use, and the schools and courses of the day that they count."""
    NOW = "now"
    """The value in use, without those whose classes in the school or course have ended by now."""
    EVER = "ever"
    """At any time since the school year began, also of students who have left."""


def school_year_begin(school_year: str | None, as_of: date, zone: str) -> datetime:
    """The first of July before, in UTC without a zone: school years of the U.S. run from July to June (EDFacts).

    OneRoster names a school year by the year in which it ends; without one it is the year of `as_of`.
    """
    named = int(school_year) if school_year and school_year.isdecimal() and len(school_year) == len("2027") else None
    year = named - 1 if named else as_of.year - (as_of.month < _JULY)
    return datetime(year, _JULY, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


_CURRENT = "from marts.fct_student_subgroup_history where subgroup = $subgroup and is_current"
_EVER = """
    from marts.fct_student_subgroup_history
    where subgroup = $subgroup and value = $value and (is_current or valid_to > $year_began)
"""
HAD = {
    Membership.DAY: "select student_id from marts.fct_student_subgroup where subgroup = $subgroup and value = $value",
    Membership.NOW: f"select student_id {_CURRENT} and value = $value",
    Membership.EVER: f"select distinct student_id {_EVER}",
}
"""Who had the value, as SQL."""
SINCE = {
    Membership.DAY: f"select student_id, valid_from, valid_to {_CURRENT} and student_id in {{students}}",
    Membership.NOW: f"select student_id, valid_from, valid_to {_CURRENT} and student_id in {{students}}",
    Membership.EVER: f"""
        select
            student_id, min(valid_from) as valid_from, case when not bool_or(is_current) then max(valid_to) end as valid_to
        {_EVER} and student_id in {{students}} group by student_id
    """,
}
"""From when until when these `students` had it; `valid_to` is null of whoever has it still."""
_HOLDS = "coalesce(begin_date <= $today, true) and coalesce($today < end_date, true)"
_IN_SCHOOL = "select student_id from marts.fct_student_school where school_id = $school_id"
_IN_COURSE = "select student_id from marts.fct_enrollment where school_id = $school_id and course_id = $course_id"
IN_SCHOOL = {
    Membership.DAY: _IN_SCHOOL,
    Membership.NOW: f"""
        {_IN_SCHOOL}
        except
        select student_id from marts.fct_enrollment where school_id = $school_id
        group by student_id having not bool_or({_HOLDS})
    """,
    Membership.EVER: _IN_SCHOOL,
}
"""Who is in a school. Who counts there without a class has none that could have ended."""
IN_COURSE = {
    Membership.DAY: _IN_COURSE,
    Membership.NOW: f"{_IN_COURSE} and {_HOLDS}",
    Membership.EVER: _IN_COURSE,
}
"""Who is in a course at a school."""
