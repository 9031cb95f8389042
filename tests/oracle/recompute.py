"""What the reports of one district must say, recomputed in plain Python from the CSV texts and the settings.

It follows docs/architecture.md section 3 to the word and knows nothing of the pipeline: no SQL, no import from subgroup_pipeline.
Tests run both on the same district and compare. `subgroup_file` reads the subgroup file, this module the roster and the counts.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.oracle.subgroup_file import SubgroupFile, known_values, read_subgroup_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, str]
Members = dict[tuple[str, ...], set[str]]
NOT_REPORTED = "not_reported"
ALL = ("all_students", "all")
NO_MEMBERS = (
    "no non not none never n 0 false ineligible unknown paid full_price "
    "former formerly exited reclassified redesignated monitored rfep"
)


@dataclass(frozen=True)
class Enrollment:
    """A student's enrollment that holds on as_of."""

    student: str
    school: str
    course: str
    class_id: str


@dataclass(frozen=True)
class Expected:
    """What the marts must hold for one district. Counts of zero are never there."""

    district: str
    as_of: date
    school_year: str | None
    students: dict[str, bool]
    """Every student, and whether they are active."""
    student_numbers: dict[str, str]
    """The value that the student is matched by, of each active student who has one."""
    schools_of: dict[str, set[str]]
    """Active student to the schools they count in."""
    enrollments: set[Enrollment]
    fct_student_subgroup: dict[tuple[str, str], str]
    """(student, subgroup) to value, `all_students` included."""
    raw_values: dict[tuple[str, str], str]
    """(student, subgroup) to what the cell said, where a cell of an accepted row said something."""
    rpt_district_subgroup: dict[tuple[str, str, str], int]
    """(district, subgroup, value) to students."""
    rpt_school_subgroup: dict[tuple[str, str, str, str], int]
    """(district, school, subgroup, value) to students."""
    rpt_course_subgroup: dict[tuple[str, str, str, str, str], int]
    """(district, school, course, subgroup, value) to students."""
    members: dict[tuple[str, str], bool | None]
    """Whether (subgroup, value) is membership, of the values that somebody has; None where the column is open."""
    member_counts: dict[tuple[str, ...], int]
    """(*entity, subgroup) to students who are members, of entities with students and of subgroups that are not open."""
    places: dict[tuple[str, ...], set[str]]
    """(district,), (district, school) and (district, school, course) to the students who count there, if any."""
    dim_counts: dict[str, int]
    """Rows of dim_school, dim_course, dim_student."""
    file: SubgroupFile | None

    @property
    def totals(self) -> dict[tuple[str, ...], int]:
        """(district,), (district, school) and (district, school, course) to students, zeros included."""
        return {at: len(who) for at, who in self.places.items()}

    @property
    def reported(self) -> set[str]:
        """The active students of whom an accepted row of the subgroup file speaks."""
        cells = self.file.cells if self.file and not self.file.is_held else {}
        return {student for student, number in self.student_numbers.items() if number in cells}


def recompute(
    settings: Mapping[str, Any], roster: Mapping[str, str], subgroup_text: str | None, received_at: datetime
) -> Expected:
    """Recompute a district from its parsed YAML, its roster's texts by file name, and its subgroup file's text.

    `received_at` is when the live roster was received (aware). Raises FileRejectedError where the subgroup file cannot be read.
    """
    tables = {name.removesuffix(".csv"): _rows(text) for name, text in roster.items()}
    for kind in ("orgs", "academicSessions", "classes", "courses"):
        tables[kind] = [row for row in tables[kind] if _counts(row)]
    copies = Counter(user["sourcedId"] for user in tables["users"])  # of a key that stands twice no copy is used
    tables["users"] = [user for user in tables["users"] if copies[user["sourcedId"]] == 1]
    district, as_of = settings["district"], _as_of(settings, tables["academicSessions"], received_at)
    students = {user["sourcedId"]: _is_active(user) for user in tables["users"] if user["role"] == "student"}
    active = {student for student, is_active in students.items() if is_active}
    enrollments = set(_enrollments(tables, active, as_of))
    schools_of = _schools_of(tables, active, enrollments)
    numbers, values, raw_values, file = _subgroups(settings, tables, active, subgroup_text)
    school_members: Members = {(district, org["sourcedId"]): set() for org in tables["orgs"] if org["type"] == "school"}
    for student, schools in schools_of.items():
        for school in schools:
            school_members.setdefault((district, school), set()).add(student)
    course_members: Members = {(district, c["schoolSourcedId"], c["courseSourcedId"]): set() for c in tables["classes"]}
    for enrollment in enrollments:
        course_members[district, enrollment.school, enrollment.course].add(enrollment.student)
    everybody: Members = {(district,): active}
    is_member = {pair: _is_member(settings, *pair) for pair in {(subgroup, value) for (_, subgroup), value in values.items()}}
    return Expected(
        district=district,
        as_of=as_of,
        school_year=_school_year(tables["academicSessions"], as_of),
        students=students,
        student_numbers=numbers,
        schools_of=schools_of,
        enrollments=enrollments,
        fct_student_subgroup=values,
        raw_values=raw_values,
        rpt_district_subgroup=_count(everybody, values),
        rpt_school_subgroup=_count(school_members, values),
        rpt_course_subgroup=_count(course_members, values),
        members=is_member,
        member_counts=_members({**everybody, **school_members, **course_members}, values, is_member),
        places={**everybody, **school_members, **course_members},
        dim_counts={"dim_school": len(school_members), "dim_course": len(course_members), "dim_student": len(students)},
        file=file,
    )


def _rows(text: str) -> list[Row]:
    """Read a roster file; cells past the header are dropped, blank lines skipped."""
    return [
        {name: cell or "" for name, cell in row.items() if name is not None}
        for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    ]


def _list(cell: str) -> list[str]:
    return [member.strip() for member in cell.split(",") if member.strip()]


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell.strip()) if cell.strip() else None


def _counts(row: Row) -> bool:
    """A row counts when its status is blank or active."""
    return row.get("status", "").strip().lower() in ("", "active")


def _is_active(user: Row) -> bool:
    """Blank means enabled."""
    return user["enabledUser"].strip().lower() in ("", "true", "1", "yes", "y", "t") and _counts(user)


def _as_of(settings: Mapping[str, Any], sessions: list[Row], received_at: datetime) -> date:
    """Section 3.6."""
    wanted = settings.get("as_of", "delivery")
    if wanted == "delivery":
        return received_at.astimezone(ZoneInfo(settings["timezone"])).date()
    if wanted == "roster":
        years = [session for session in sessions if session["type"] == "schoolYear"]
        latest = max(years, key=lambda session: (session["schoolYear"], session["endDate"]))
        return date.fromisoformat(latest["endDate"]) - timedelta(days=1)
    return wanted if isinstance(wanted, date) else date.fromisoformat(wanted)


def _school_year(sessions: list[Row], as_of: date) -> str | None:
    """Return the greatest schoolYear of the sessions that contain as_of, those of type schoolYear first, else the newest."""
    around = [s for s in sessions if date.fromisoformat(s["startDate"]) <= as_of < date.fromisoformat(s["endDate"])]
    preferred = [session for session in around if session["type"] == "schoolYear"] or around or sessions
    return max((session["schoolYear"] for session in preferred), default=None)


def term_on(academic_sessions: str, day: date) -> str | None:
    """Return the title of the semester that a day is in by the text of academicSessions.csv, else of the term, else nothing."""
    holding = [
        (session["type"], session["sourcedId"], session["title"])
        for session in _rows(academic_sessions)
        if _counts(session) and session["type"] in ("semester", "term") and session["title"]
        and date.fromisoformat(session["startDate"]) <= day < date.fromisoformat(session["endDate"])
    ]  # fmt: skip
    return min(holding)[2] if holding else None


def _enrollments(tables: Mapping[str, list[Row]], active: set[str], as_of: date) -> Iterable[Enrollment]:
    """Section 3.3 and 3.5: what holds on as_of, with the class's school and course."""
    sessions = {session["sourcedId"]: session for session in tables["academicSessions"]}
    classes = {class_["sourcedId"]: class_ for class_ in tables["classes"]}
    for row in tables["enrollments"]:
        class_ = classes.get(row["classSourcedId"])
        is_meant = row["role"] == "student" and _counts(row)
        if class_ is None or not is_meant or row["userSourcedId"] not in active:
            continue
        terms = [sessions[term] for term in _list(class_["termSourcedIds"]) if term in sessions]
        begin = _day(row["beginDate"]) or min((date.fromisoformat(t["startDate"]) for t in terms), default=None)
        end = _day(row["endDate"]) or max((date.fromisoformat(t["endDate"]) for t in terms), default=None)
        if (begin is None or begin <= as_of) and (end is None or as_of < end):
            school, course = class_["schoolSourcedId"], class_["courseSourcedId"]
            yield Enrollment(row["userSourcedId"], school, course, class_["sourcedId"])


def _schools_of(tables: Mapping[str, list[Row]], active: set[str], enrollments: set[Enrollment]) -> dict[str, set[str]]:
    """Section 3.4: where enrolled; else every school among the student's orgs."""
    schools = {org["sourcedId"] for org in tables["orgs"] if org["type"] == "school"}
    enrolled = defaultdict(set)
    for enrollment in enrollments:
        enrolled[enrollment.student].add(enrollment.school)
    return {
        user["sourcedId"]: enrolled.get(user["sourcedId"]) or schools & set(_list(user["orgSourcedIds"]))
        for user in tables["users"]
        if user["sourcedId"] in active
    }


def match_value(user: Row, field: str) -> str:
    """Section 3.7: the trimmed value of the field that `student_id` equals; empty when there is none."""
    kind, _, name = field.partition(":")
    if kind == "userIds":
        for member in _list(user["userIds"]):
            type_, colon, value = member.removeprefix("{").removesuffix("}").partition(":")
            if colon and type_ == name:
                return value.strip()
        return ""
    return user.get(field if field.startswith("metadata.") else field.removeprefix("users."), "").strip()


def _subgroups(
    settings: Mapping[str, Any], tables: Mapping[str, list[Row]], active: set[str], text: str | None
) -> tuple[dict[str, str], dict[tuple[str, str], str], dict[tuple[str, str], str], SubgroupFile | None]:
    """Section 3.7, 3.8 and 3.16: give every active student a value of every subgroup."""
    values = {(student, ALL[0]): ALL[1] for student in active}
    section = settings.get("subgroups") or {"matches": "users.sourcedId", "columns": {}}
    numbers = {
        user["sourcedId"]: value
        for user in tables["users"]
        if user["sourcedId"] in active and (value := match_value(user, section["matches"]))
    }
    holders = Counter(numbers.values())
    file = read_subgroup_file(text, section, holders) if text is not None else None
    raw_values = {}
    for student in active:
        cells = file.cells.get(numbers.get(student, ""), {}) if file and not file.is_held else {}
        for column in section["columns"].values():
            value, raw = cells.get(column["subgroup"], (NOT_REPORTED, ""))
            values[student, column["subgroup"]] = value
            if raw:
                raw_values[student, column["subgroup"]] = raw
    return numbers, values, raw_values, file


def _is_member(settings: Mapping[str, Any], subgroup: str, value: str) -> bool | None:
    """A value is membership as the settings say; else unless one of its words denies it, or blank cells have it."""
    if subgroup == ALL[0]:
        return True
    column = next(column for column in settings["subgroups"]["columns"].values() if column["subgroup"] == subgroup)
    if str(column.get("open", "false")).lower() == "true":
        return None
    if said := [member for known, member in known_values(column).values() if known == value and member is not None]:
        return said[0] == "true"
    words = value.lower().replace("-", "_").replace(" ", "_").split("_")
    return not {*words, "_".join(words)} & set(NO_MEMBERS.split()) and (value == "yes" or value != column.get("blank"))


def _members(
    entities: Members, values: Mapping[tuple[str, str], str], is_member: Mapping[tuple[str, str], bool | None]
) -> dict[tuple[str, ...], int]:
    """Count the members of each subgroup in each entity, student by student."""
    subgroups = {subgroup for subgroup, _ in is_member} - {
        subgroup for (subgroup, _), member in is_member.items() if member is None
    }
    return {
        (*entity, subgroup): sum(bool(is_member[subgroup, values[student, subgroup]]) for student in students)
        for entity, students in entities.items()
        for subgroup in subgroups
        if students
    }


def _count(members: Members, values: Mapping[tuple[str, str], str]) -> dict[Any, int]:
    """Count students by entity, subgroup and value."""
    by_student: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for (student, subgroup), value in values.items():
        by_student[student].append((subgroup, value))
    return Counter(
        (*entity, *pair) for entity, students in members.items() for student in students for pair in by_student[student]
    )
