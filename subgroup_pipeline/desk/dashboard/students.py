"""Students of a district, a school or a course who have a value of a subgroup: counted, sorted and paged in SQL."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.entity import list_schools
from subgroup_pipeline.desk.dashboard.membership import HAD, IN_COURSE, IN_SCHOOL, SINCE, Membership

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from subgroup_pipeline.desk.dashboard.groups import Group
    from subgroup_pipeline.desk.dashboard.shown_rows import Row, ShownRows

PAGE = 50
"""Students on a page of a list."""


@dataclass(frozen=True)
class Place:
    """Where students are looked for. `own_schools` are those that the reader is limited to, None for no limit."""

    school_id: str | None = None
    course_id: str | None = None
    own_schools: tuple[str, ...] | None = None

    @property
    def of_results(self) -> str:
        """The results there, as SQL over `fct_result`."""
        return _all(
            {
                "list_contains($own_schools, school_id)": self.own_schools is not None,
                "school_id = $school_id": self.school_id is not None,
                "course_id = $course_id": self.course_id is not None,
            }
        )


@dataclass(frozen=True)
class Sought:
    """Which students are wanted: those of a group in a place. `today` is a day of the district's zone, `year_began` is in UTC."""

    group: Group
    place: Place
    membership: Membership
    today: date
    year_began: datetime

    @property
    def found(self) -> str:
        """The SQL of their IDs."""
        place, had = self.place, HAD[self.membership]
        narrowed = {
            f"student_id in ({_OF_OWN_SCHOOLS})": place.own_schools is not None,
            f"student_id in ({IN_SCHOOL[self.membership]})": place.school_id is not None and place.course_id is None,
            f"student_id in ({IN_COURSE[self.membership]})": place.course_id is not None,
        }
        return f"select student_id from ({had}) where {_all(narrowed)}"


@dataclass(frozen=True, kw_only=True)
class StudentRow:
    """One student of a list: columns of `rpt_student_subgroup` and of `fct_student_subgroup_history` (UTC).

    `school_names` are those that the reader may see; `mean_score_pct` is over the results there, in percent. `valid_to` is None
    of whoever has the value still. Who is no longer in the roster has no name.
    """

    student_id: str
    student_number: str | None
    given_name: str | None
    family_name: str | None
    grade_level: str | None
    is_in_roster: bool
    subgroup: str
    value: str
    school_names: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    mean_score_pct: float | None

    @property
    def name(self) -> str:
        """The name as lists have it; the ID where the roster gives none."""
        return name_of(self.given_name, self.family_name) or self.student_id


@dataclass(frozen=True)
class _Student:
    student_id: str
    student_number: str | None
    given_name: str | None
    family_name: str | None
    grade_level: str | None
    is_in_roster: bool


@dataclass(frozen=True)
class _Since:
    student_id: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class _Scored:
    student_id: str
    mean_score_pct: float


@dataclass(frozen=True)
class _Attends:
    student_id: str
    school_id: str


@dataclass(frozen=True, slots=True)
class _Found:
    student_id: str


def name_of(given_name: str | None, family_name: str | None) -> str:
    """`Family, Given`, or what there is of it."""
    return ", ".join(part for part in (family_name, given_name) if part)


def _all(conditions: dict[str, bool]) -> str:
    """Those conditions that apply, as one."""
    return " and ".join(sql for sql, applies in conditions.items() if applies) or "true"


_OF_OWN_SCHOOLS = "select student_id from marts.fct_student_school where list_contains($own_schools, school_id)"
_SCORED = """
    select student_id, avg(score_pct) as mean_score_pct from marts.fct_result
    where student_id in {students} and {place} group by student_id
"""
_STUDENT = "student_id, student_number, given_name, family_name, grade_level"
_BY_NAME = "lower(family_name), lower(given_name), student_id"
SORTS = {
    "name": _BY_NAME,
    "grade": f"grade_level, {_BY_NAME}",
    "since": f"valid_from desc nulls last, {_BY_NAME}",
    "score": f"mean_score_pct desc nulls last, {_BY_NAME}",
}
"""What a list can be sorted by, as SQL."""


def list_ids(shown: ShownRows, sought: Sought, sort: str) -> list[str]:
    """The IDs of all students of a list, sorted by one of `SORTS`. Its pages are parts of it, and its length is the count."""
    since = SINCE[sought.membership]
    scored = _SCORED.format(students="{students}", place=sought.place.of_results)
    sorted_by = {"since": since, "score": scored}.get(sort, "").format(students="(from found)")
    query = f"""
        with found as ({sought.found})
        select student_id from found
        left join marts.dim_student as student using (student_id)
        {f"left join ({sorted_by}) as more using (student_id)" if sorted_by else ""}
        order by {SORTS[sort]}
    """
    return [one.student_id for one in shown.kept(_Found, query, **_bound(query, sought))]


def list_students(shown: ShownRows, sought: Sought, students: list[str], *, is_page: bool) -> list[StudentRow]:
    """These students of a list, in this order. The rows of a page are kept in memory, those of a whole file are not."""
    query = f"select {_STUDENT}, true as is_in_roster from marts.dim_student where student_id in $students"
    read = shown.kept if is_page else shown.rows
    known = {one.student_id: one for one in read(_Student, query, students=students)} if students else {}
    found = [known.get(one) or _Student(one, None, None, None, None, is_in_roster=False) for one in students]
    return _described(shown, found, sought, SINCE[sought.membership], is_page=is_page)


def find_students(shown: ShownRows, text: str, sought: Sought, most: int = PAGE) -> list[StudentRow]:
    """Students whose number begins with a text, or whose name does, in whatever order of its parts; at most so many, by name.

    `sought` says which of them the reader may see; in which group they are plays no part.
    """
    query = f"""
        select {_STUDENT}, true as is_in_roster
        from marts.dim_student
        cross join (select strip_accents(lower($text)) as text) as wanted
        where {_all({f"student_id in ({_OF_OWN_SCHOOLS})": sought.place.own_schools is not None})} and (
            starts_with(lower(student_number), lower($text)) or len(list_filter(
                [
                    concat_ws(' ', given_name, family_name), concat_ws(' ', family_name, given_name),
                    concat_ws(', ', family_name, given_name)
                ],
                name -> starts_with(strip_accents(lower(name)), wanted.text)
            )) > 0
        )
        order by {_BY_NAME}
        limit $most
    """
    found = shown.rows(_Student, query, **_bound(query, sought), text=text, most=most)
    return _described(shown, found, sought, SINCE[Membership.NOW], is_page=False)


def _described(shown: ShownRows, found: Sequence[_Student], sought: Sought, since: str, *, is_page: bool) -> list[StudentRow]:
    """The students with their schools, their scores, and since when they are in the group.

    Three scans and a look into each take less time than one plan that joins them.
    """
    students = [one.student_id for one in found]

    def read(kind: type[Row], query: str) -> list[Row]:
        ask = shown.kept if is_page else shown.rows
        return ask(kind, query, **_bound(query, sought), students=students) if students else []

    begun = {one.student_id: one for one in read(_Since, since.format(students="$students"))}
    scored = _SCORED.format(students="$students", place=sought.place.of_results)
    means = {one.student_id: one.mean_score_pct for one in read(_Scored, scored)}
    names = {school.school_id: school.name for school in list_schools(shown, sought.place.own_schools)}
    schools = defaultdict(list)
    for one in read(_Attends, "select student_id, school_id from marts.fct_student_school where student_id in $students"):
        if one.school_id in names:
            schools[one.student_id].append(names[one.school_id])
    return [
        StudentRow(
            **vars(one),
            subgroup=sought.group.subgroup,
            value=sought.group.value,
            school_names="; ".join(sorted(schools[one.student_id])) or None,
            valid_from=begun[one.student_id].valid_from if one.student_id in begun else None,
            valid_to=begun[one.student_id].valid_to if one.student_id in begun else None,
            mean_score_pct=means.get(one.student_id),
        )
        for one in found
    ]


def _bound(query: str, sought: Sought) -> dict[str, object]:
    """What a query about these students binds: DuckDB refuses values that it does not name."""
    place = sought.place
    own = None if place.own_schools is None else list(place.own_schools)
    values: dict[str, object] = {
        "subgroup": sought.group.subgroup, "value": sought.group.value, "school_id": place.school_id,
        "course_id": place.course_id, "own_schools": own, "today": sought.today, "year_began": sought.year_began,
    }  # fmt: skip
    return {name: values[name] for name in set(re.findall(r"\$(\w+)", query)) & values.keys()}
