"""Students of a district, a school or a course who have a value of a subgroup: counted, sorted and paged in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.membership import HAD, IN_COURSE, IN_SCHOOL, SINCE, Membership

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
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
        values: dict[str, object] = {"subgroup": self.group.subgroup, "value": self.group.value, **self.place}
        if self.membership == Membership.NOW and self.school_id is not None:
            values["today"] = self.today
        if self.membership == Membership.EVER:
            values["year_began"] = self.year_began
        return values

    @property
    def place(self) -> dict[str, object]:
        """The school and course, and the schools of the reader, as far as they narrow the list."""
        own = None if self.own_schools is None else sorted(self.own_schools)
        place = {"school_id": self.school_id, "course_id": self.course_id, "own": own}
        return {name: value for name, value in place.items() if value is not None}

    @property
    def found(self) -> str:
        """The SQL of `found`, a row for each student."""
        narrowed = [
            f"student_id in ({students})"
            for name, students in (
                ("own", _OF_OWN_SCHOOLS),
                ("course_id", IN_COURSE[self.membership]),
                ("school_id", IN_SCHOOL[self.membership]),
            )
            if name in self.place and not (name == "school_id" and "course_id" in self.place)
        ]
        return f"{HAD[self.membership]}, found as (select student_id, subgroup, value from had where {_all(narrowed)})"


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


_OF_OWN_SCHOOLS = "select student_id from marts.fct_student_school where school_id in $own"


def _all(conditions: Iterable[str]) -> str:
    return " and ".join(conditions) or "true"


def _named(place: Container[str]) -> str:
    """The SQL of `named`: the schools of each student of a page, those of the reader only."""
    return f"""
        named as (
            select attends.student_id, string_agg(school.school_name, '; ' order by school.school_name) as school_names
            from marts.fct_student_school as attends
            inner join marts.dim_school as school using (school_id)
            where attends.student_id in (select student_id from page) {"and school_id in $own" if "own" in place else ""}
            group by attends.student_id
        )
    """


def _scored(place: Container[str], of: str) -> str:
    """The SQL of `scored`: the mean over each student's own results there, for the students `of` another table."""
    there = {"own": "school_id in $own", "school_id": "school_id = $school_id", "course_id": "course_id = $course_id"}
    return f"""
        scored as (
            select student_id, avg(score_pct) as mean_score_pct from marts.fct_result
            where student_id in (select student_id from {of}) and {_all(there[name] for name in there if name in place)}
            group by student_id
        )
    """


_STUDENT = "student.student_number, student.given_name, student.family_name, student.grade_level"
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
    """The students of a page, from 1, or all of them; `sort` is one of `SORTS`.

    What the list is not sorted by is read for the students of the page only.
    """
    of = {name: "found" if sort == by else "page" for by, name in (("since", "since"), ("score", "scored"))}
    tables = {"since": SINCE[sought.membership].format(of=of["since"]), "scored": _scored(sought.place, of["scored"])}
    first = [name for name in tables if of[name] == "found"]
    query = f"""
        with {sought.found}, {"".join(tables[name] + "," for name in first)}
        page as materialized (
            select found.*, {_STUDENT}, student.student_id is not null as is_in_roster
            from found
            left join marts.dim_student as student using (student_id)
            {"".join(f"left join {name} using (student_id)" for name in first)}
            order by {SORTS[sort]}
            limit $most offset $before
        ), {", ".join(tables[name] for name in tables if name not in first)}, {_named(sought.place)}
        select
            student_id, page.* exclude (student_id), named.school_names, since.valid_from, since.valid_to,
            scored.mean_score_pct
        from page
        left join named using (student_id)
        left join since using (student_id)
        left join scored using (student_id)
        order by {SORTS[sort]}
    """
    most, before_page = (PAGE, PAGE * (page - 1)) if page else (None, 0)
    return shown.rows(StudentRow, query, **sought.values, most=most, before=before_page)


def find_students(shown: ShownRows, text: str, own_schools: frozenset[str] | None, most: int = PAGE) -> list[StudentRow]:
    """Students whose number begins with a text, or whose name does, in whatever order of its parts; at most so many, by name."""
    place: dict[str, object] = {} if own_schools is None else {"own": sorted(own_schools)}
    query = f"""
        with wanted as (select strip_accents(lower($text)) as text),
        page as materialized (
            select student.* exclude (district_id, is_active)
            from marts.dim_student as student
            cross join wanted
            where {f"student_id in ({_OF_OWN_SCHOOLS}) and" if place else ""}
                (starts_with(lower(student_number), lower($text)) or len(list_filter(
                    [
                        concat_ws(' ', given_name, family_name), concat_ws(' ', family_name, given_name),
                        concat_ws(', ', family_name, given_name)
                    ],
                    name -> starts_with(strip_accents(lower(name)), wanted.text)
                )) > 0)
            order by {_BY_NAME}
            limit $most
        ), {_named(place)}, {_scored(place, "page")}
        select
            student_id, page.* exclude (student_id), true as is_in_roster, named.school_names, '{EVERYONE}' as subgroup,
            'all' as value, null as valid_from, null as valid_to, scored.mean_score_pct
        from page
        left join named using (student_id)
        left join scored using (student_id)
        order by {_BY_NAME}
    """
    return shown.rows(StudentRow, query, text=text, most=most, **place)
