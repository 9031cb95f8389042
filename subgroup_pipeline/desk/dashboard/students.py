"""Students of a district, a school or a course who have a value of a subgroup: counted, sorted and paged in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.membership import HAD, HERE, Membership

if TYPE_CHECKING:
    from datetime import date, datetime

    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows

PAGE = 50
"""Students on a page of a list."""
BY_STUDENT = "sensitivity <> 'nsla'"
"""Over `dim_subgroup`: what is shown student by student. 42 U.S.C. 1758(b)(6) limits who may see who gets free meals."""


@dataclass(frozen=True)
class Group:
    """A value of a subgroup, with the words for it."""

    subgroup: str
    value: str
    subgroup_label: str
    value_label: str
    is_member: bool | None

    @property
    def words(self) -> str:
        """What people call it: `English learner: Yes`, and `All students`."""
        return self.subgroup_label if self.subgroup == EVERYONE else f"{self.subgroup_label}: {self.value_label}"


@dataclass(frozen=True)
class Sought:
    """Which students are wanted. `own_schools` are those that the reader is limited to, None for no limit.

    `today` is the day in the district's zone, `year_began` the moment in UTC; each is used by one membership only.
    """

    group: Group
    school_id: str | None
    course_id: str | None
    own_schools: frozenset[str] | None
    membership: Membership
    today: date
    year_began: datetime

    @property
    def values(self) -> dict[str, object]:
        """What the SQL of a list binds."""
        own = None if self.own_schools is None else sorted(self.own_schools)
        group: dict[str, object] = {"subgroup": self.group.subgroup, "value": self.group.value}
        values = {**group, "school_id": self.school_id, "course_id": self.course_id, "own": own}
        if self.membership == Membership.NOW:
            values["today"] = self.today
        if self.membership == Membership.EVER:
            values["year_began"] = self.year_began
        return values

    @property
    def found(self) -> str:
        """The SQL of `found`, a row for each student."""
        return f"{HAD[self.membership]}, {HERE[self.membership]}, {_FOUND}"


@dataclass(frozen=True, kw_only=True)
class StudentRow:
    """One student of a list: columns of `rpt_student_subgroup` and of `fct_student_subgroup_history` (UTC).

    `school_names` are those that the reader may see; `mean_score_pct` is over the results there, in percent. `valid_to` is None
    of whoever has the value still.
    """

    student_id: str
    student_number: str | None
    given_name: str | None
    family_name: str | None
    grade_level: str | None
    school_names: str | None
    subgroup: str
    value: str
    valid_from: datetime | None
    valid_to: datetime | None
    mean_score_pct: float | None
    is_in_roster: bool

    @property
    def name(self) -> str:
        """The name as lists have it; the ID where the roster gives none."""
        return name_of(self.given_name, self.family_name) or self.student_id


@dataclass(frozen=True)
class _Counted:
    students: int


def name_of(given_name: str | None, family_name: str | None) -> str:
    """`Family, Given`, or what there is of it."""
    return ", ".join(part for part in (family_name, given_name) if part)


def list_groups(shown: ShownRows) -> list[Group]:
    """Every group whose students may be listed, all students first, then in the order of the settings."""
    query = f"""
        select subgroup, value, subgroup_label, value_label, is_member from marts.dim_subgroup
        where {BY_STUDENT} order by subgroup <> '{EVERYONE}', display_order
    """
    return shown.counts(Group, query)


_FOUND = """
found as (
    select * from had
    where ($own is null or student_id in (select student_id from marts.fct_student_school where school_id in $own))
        and ($school_id is null or student_id in (select student_id from in_school where school_id = $school_id))
        and ($course_id is null or student_id in (
            select student_id from enrolled where school_id = $school_id and course_id = $course_id
        ))
)
"""
_DESCRIBED = """
named as (
    select attends.student_id, string_agg(school.school_name, '; ' order by school.school_name) as school_names
    from marts.fct_student_school as attends
    inner join marts.dim_school as school using (school_id)
    where $own is null or school_id in $own
    group by attends.student_id
), scored as (
    select student_id, avg(score_pct) as mean_score_pct from marts.fct_result
    where ($own is null or school_id in $own)
        and ($school_id is null or school_id = $school_id) and ($course_id is null or course_id = $course_id)
    group by student_id
)
"""
_BY_NAME = "lower(family_name), lower(given_name), student_id"
SORTS = {
    "name": _BY_NAME,
    "grade": f"grade_level, {_BY_NAME}",
    "since": f"valid_from desc nulls last, {_BY_NAME}",
    "score": f"mean_score_pct desc nulls last, {_BY_NAME}",
}
"""What a list can be sorted by, as SQL."""


def count_students(shown: ShownRows, sought: Sought) -> int:
    """How many students a list has on all its pages."""
    query = f"with {sought.found} select count(*) as students from found"
    return shown.counts(_Counted, query, **sought.values)[0].students


def list_students(shown: ShownRows, sought: Sought, sort: str, page: int | None = None) -> list[StudentRow]:
    """The students of a page, from 1, or all of them; `sort` is one of `SORTS`."""
    query = f"""
        with {sought.found}, {_DESCRIBED}
        select
            found.student_id, student.student_number, student.given_name, student.family_name, student.grade_level,
            named.school_names, found.subgroup, found.value, found.valid_from, found.valid_to, scored.mean_score_pct,
            student.student_id is not null as is_in_roster
        from found
        left join marts.dim_student as student using (student_id)
        left join named using (student_id)
        left join scored using (student_id)
        order by {SORTS[sort]}
        limit $most offset $before
    """
    most, before = (PAGE, PAGE * (page - 1)) if page else (None, 0)
    return shown.rows(StudentRow, query, **sought.values, most=most, before=before)


def find_students(shown: ShownRows, text: str, own_schools: frozenset[str] | None, most: int = PAGE) -> list[StudentRow]:
    """Students whose number begins with a text, or whose name does, in whatever order of its parts; at most so many, by name."""
    query = f"""
        with {_DESCRIBED}, wanted as (select strip_accents(lower($text)) as text)
        select
            student_id, student.student_number, student.given_name, student.family_name, student.grade_level,
            named.school_names, '{EVERYONE}' as subgroup, 'all' as value, null as valid_from,
            null as valid_to, scored.mean_score_pct, true as is_in_roster
        from marts.dim_student as student
        cross join wanted
        left join named using (student_id)
        left join scored using (student_id)
        where ($own is null or student_id in (select student_id from marts.fct_student_school where school_id in $own))
            and (starts_with(lower(student.student_number), lower($text)) or len(list_filter(
                [
                    concat_ws(' ', given_name, family_name), concat_ws(' ', family_name, given_name),
                    concat_ws(', ', family_name, given_name)
                ],
                name -> starts_with(strip_accents(lower(name)), wanted.text)
            )) > 0)
        order by {_BY_NAME}
        limit $most
    """
    own = None if own_schools is None else sorted(own_schools)
    return shown.rows(StudentRow, query, text=text, own=own, school_id=None, course_id=None, most=most)
