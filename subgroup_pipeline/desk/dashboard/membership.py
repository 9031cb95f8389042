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


_ENROLLED = "select student_id, school_id, course_id from marts.fct_enrollment"
_IN_SCHOOL = "select student_id, school_id from marts.fct_student_school"
_HOLDS = "coalesce(begin_date <= $today, true) and coalesce($today < end_date, true)"
HAD = {
    Membership.DAY: """
had as (
    select has.student_id, has.subgroup, has.value, past.valid_from, past.valid_to
    from marts.fct_student_subgroup as has
    left join marts.fct_student_subgroup_history as past
        on has.student_id = past.student_id and has.subgroup = past.subgroup and past.is_current
    where has.subgroup = $subgroup and has.value = $value
)""",
    Membership.NOW: """
had as (
    select student_id, subgroup, value, valid_from, valid_to from marts.fct_student_subgroup_history
    where subgroup = $subgroup and value = $value and is_current
)""",
    Membership.EVER: """
had as (
    select
        student_id, subgroup, value, min(valid_from) as valid_from,
        case when not bool_or(is_current) then max(valid_to) end as valid_to
    from marts.fct_student_subgroup_history
    where subgroup = $subgroup and value = $value and (is_current or valid_to > $year_began)
    group by all
)""",
}
"""Who had the value, and from when until when."""
HERE = {
    Membership.DAY: f"enrolled as ({_ENROLLED}), in_school as ({_IN_SCHOOL})",
    Membership.NOW: f"""
enrolled as ({_ENROLLED} where {_HOLDS}),
in_school as (
    {_IN_SCHOOL} except (
        select student_id, school_id from marts.fct_enrollment group by all having not bool_or({_HOLDS})
    )
)
""",
    Membership.EVER: f"enrolled as ({_ENROLLED}), in_school as ({_IN_SCHOOL})",
}
"""Who is in which course and school. Who counts in a school without a class there has none that could have ended."""
