"""Tiny random districts, full of what docs/architecture.md section 3 decides, in forms that are loaded and not rejected.

References hold (apart from terms, which may be unknown), required files have rows, and guards are wide open, so that whatever
differs between the marts and the oracle is a difference of meaning. The subgroup file is made by `random_subgroups`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.demo.made_up_roster import MadeUpRoster, csv_text
from tests.oracle.random_gradebook import BANDS, add_gradebook
from tests.oracle.random_subgroups import SubgroupFiles, make_subgroups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

MATCHES = ("users.sourcedId", "users.identifier", "users.username", "userIds:Local", "metadata.studentNumber")
GIVEN = ("Ana", "Null", "José", "李", "Mary Ann", 'Jo "Jo"', "NULL")
FAMILY = ("O'Farren", "Vega, Jr.", "Ñandú", "Whitlow", "NA")
SESSIONS = {  # code: type, start, end, school year
    "SY": ("schoolYear", date(2026, 8, 10), date(2027, 6, 5), "2027"),
    "OLD": ("schoolYear", date(2025, 8, 11), date(2026, 6, 6), "2026"),
    "S1": ("semester", date(2026, 8, 10), date(2026, 12, 19), "2027"),
    "S2": ("semester", date(2027, 1, 5), date(2027, 6, 5), "2027"),
    "Q1": ("gradingPeriod", date(2026, 8, 10), date(2026, 10, 17), "2027"),
    "SUM": ("term", date(2026, 6, 20), date(2026, 8, 12), "2026"),
}
AS_OF = ("2026-10-01", "2026-12-19", "2026-12-18", "2026-08-10", "2027-01-05", "2026-10-17", "roster", "delivery")


WIDE_OPEN = {
    **dict.fromkeys(
        (
            "removed_students",
            "removed_staff",
            "removed_classes",
            "removed_enrollments",
            "removed_from_a_school",
            "changed",
            "new_ids",
            "set_aside_hold",
            "set_aside_reject",
            "subgroup_absent_students",
            "subgroup_removed_students",
            "subgroup_rows_held",
            "subgroup_rows_rejected",
            "subgroup_padded_ids",
            "subgroup_scientific_ids",
            "subgroup_blank_growth",
        ),
        "1",
    ),
    **dict.fromkeys(("match_rate", "subgroup_own_match"), "0"),
    "growth": "100",
    "subgroup_share_change": "100",
    "subgroup_vanished_value": "1000000",
}
"""Guards that let everything through."""


@dataclass(frozen=True)
class RandomDistrict:
    """One district: texts of its roster by file name (manifest included), its subgroup file and its settings."""

    district_id: str
    roster: dict[str, str]
    subgroup_text: str | None
    settings: dict[str, Any]
    """As the YAML reads with every scalar as text."""
    received_at: datetime

    def settings_yaml(self) -> str:
        """Return the settings as YAML (JSON is YAML, and quotes every scalar)."""
        import json

        return json.dumps(self.settings, ensure_ascii=False, indent=1) + "\n"


@dataclass
class Person:
    """A user and the key by which the subgroup file would call them."""

    source_id: str
    role: str
    is_active: bool
    key: str


def random_district(rng: Random, district_id: str = "tiny", *, has_gradebook: bool = False) -> RandomDistrict:
    """Make a district; the same rng state gives the same district. Ids are unlike those of other district ids."""
    as_of = rng.choice(AS_OF)
    received_at = datetime(2026, 11, 3, 3, 30, tzinfo=UTC)  # still 2 November in the Americas
    matches = rng.choice(MATCHES)
    around = date(2026, 11, 2) if as_of in ("roster", "delivery") else date.fromisoformat(as_of)
    maker = _Maker(rng, district_id, around)
    maker.add_places_and_sessions()
    people = maker.add_people(matches)
    maker.add_classes(people)
    keys = [person.key for person in people if person.key]
    files = make_subgroups(rng, keys, len(people)) if rng.random() > 0.04 else None
    settings: dict[str, Any] = {
        "district": district_id,
        "name": f"Random District {district_id}",
        "timezone": rng.choice(("America/Chicago", "Pacific/Honolulu")),
        "as_of": as_of,
        "guards": {"first_delivery": "accept", **WIDE_OPEN},
    }
    if files is not None:
        settings["subgroups"] = _subgroup_settings(files, matches)
    if has_gradebook:
        add_gradebook(rng, maker, district_id, [person.source_id for person in people])
        settings["reports"] = {"bands": BANDS} if rng.random() < 0.8 else {}
    return RandomDistrict(district_id, maker.texts(), files.text if files else None, settings, received_at)


def _subgroup_settings(files: SubgroupFiles, matches: str) -> dict[str, Any]:
    return {
        "sources": ["file"],
        "path": "inbox/subgroups",
        "files": "*.csv",
        "student_id_column": files.student_id_column,
        "matches": matches,
        "blank_words": ["-", " Null", "None"],
        "columns": files.columns,
    }


class _Maker(MadeUpRoster):
    """Gathers the rows of one roster."""

    def __init__(self, rng: Random, district_id: str, around: date) -> None:
        super().__init__()
        self.rng, self.prefix, self.around = rng, district_id, around
        self.schools = [f"{district_id}-s{number}" for number in range(rng.randint(1, 4))]

    def add_places_and_sessions(self) -> None:
        """Add a district, schools (two may have one name), and a department that is no school."""
        root = f"{self.prefix}-d"
        self.add("orgs", sourcedId=root, name="The district", type="district")
        self.add("orgs", sourcedId=f"{self.prefix}-dep", name="Sciences", type="department", parentSourcedId=root)
        for school in self.schools:
            self.add("orgs", sourcedId=school, name=self.rng.choice(("North", "South", "É. Zola")), type="school",
                     parentSourcedId=root)  # fmt: skip
        for code, (kind, start, end, year) in SESSIONS.items():
            if code in ("SY", "S1") or self.rng.random() < 0.8:
                self.add("academicSessions", sourcedId=f"{self.prefix}-{code}", title=code, type=kind,
                         startDate=start.isoformat(), endDate=end.isoformat(), schoolYear=year,
                         status="tobedeleted" if code in ("Q1", "S2") and self.rng.random() < 0.1 else "")  # fmt: skip

    def add_people(self, matches: str) -> list[Person]:
        """Add students of every kind of activity, keys that are ambiguous, padded or blank, and teachers."""
        people: list[Person] = []
        for number in range(self.rng.randint(4, 30)):
            is_student = number < 2 or self.rng.random() < 0.88
            key = self._key(number, matches, [person.key for person in people])
            source_id = key if matches == "users.sourcedId" else f"{self.prefix}-u{number}"
            enabled = self.rng.choice(("true", "true", "TRUE", "", "false", "FALSE", "False")) if number else "true"
            status = self.rng.choice(("", "", "", "active", "inactive", "tobedeleted")) if number else ""
            is_active = is_student and enabled.lower() != "false" and status in ("", "active")
            people.append(Person(source_id, "student" if is_student else "teacher", is_active, key))
            self._add_user(people[-1], enabled, status, matches)
        return people

    def _key(self, number: int, matches: str, taken: Sequence[str]) -> str:
        """Make a key: with leading zeros, differing in case only, somebody else's, blank; a sourcedId is always its own."""
        forms = (f"{number}", f"000{number}", f"a{number // 2}", f"A{number // 2}")
        stem = self.rng.choice(forms)
        if matches == "users.sourcedId":
            return f"{self.prefix}/{number}.{stem}"
        if taken and self.rng.random() < 0.1:
            return self.rng.choice(taken)
        return "" if self.rng.random() < 0.07 else f"{self.prefix}{stem}"

    def _add_user(self, person: Person, enabled: str, status: str, matches: str) -> None:
        rng = self.rng
        orgs = [*rng.sample(self.schools, rng.randint(0, min(3, len(self.schools))))]
        orgs += [f"{self.prefix}-{org}" for org in ("d", "dep") if rng.random() < 0.3]
        rng.shuffle(orgs)
        padded = rng.choice(("{}", "{}", " {}", "{}  ", " {} ")).format(person.key) if person.key else " "
        ids = ["{Local:" + padded + "}", "{local:wrong}", "{LDAP:x" + person.source_id + "}"]
        rng.shuffle(ids)
        fields = {
            "users.identifier": {"identifier": padded},
            "users.username": {"username": padded},
            "metadata.studentNumber": {"metadata.studentNumber": padded},
            "userIds:Local": {"userIds": rng.choice((",", ", ")).join(ids)},
        }
        cells = {
            "sourcedId": person.source_id,
            "status": status,
            "enabledUser": enabled,
            "role": person.role,
            "orgSourcedIds": rng.choice((",", ", ")).join(orgs or self.schools[:1]),
            "username": f"user{len(self.rows['users'])}",
            "givenName": rng.choice(GIVEN),
            "familyName": rng.choice(FAMILY),
            "grades": rng.choice(("09", "KG", "", "9")),
            "metadata.studentNumber": "",
            **fields.get(matches, {}),
        }
        self.add("users", **cells)

    def add_classes(self, people: list[Person]) -> None:
        """Add courses, classes of them in any school, and enrollments, some in the wrong role."""
        rng = self.rng
        courses = [f"{self.prefix}-c{number}" for number in range(rng.randint(1, 4))]
        for course in courses:
            self.add("courses", sourcedId=course, title=f"Course {course[-1]}", orgSourcedId=rng.choice(self.schools))
        for number in range(rng.randint(1, 7)):
            codes = rng.sample(("SY", "S1", "S2", "Q1", "SUM", "none"), rng.randint(1, 3))
            terms = [f"{self.prefix}-{code}" for code in codes]
            class_id, school = f"{self.prefix}-k{number}", rng.choice(self.schools)
            self.add("classes", sourcedId=class_id, title=f"Class {number}", courseSourcedId=rng.choice(courses),
                     classType="scheduled", schoolSourcedId=school, termSourcedIds=", ".join(terms),
                     status="tobedeleted" if number and rng.random() < 0.06 else "")  # fmt: skip
            for person in rng.sample(people, rng.randint(1, len(people))):
                for _ in range(rng.choice((1, 1, 1, 2, 3))):
                    self._enroll(class_id, school, person)
        if not self.rows["enrollments"]:
            self._enroll(class_id, school, people[0])

    def _enroll(self, class_id: str, school: str, person: Person) -> None:
        rng = self.rng
        role = person.role if rng.random() < 0.9 else rng.choice(("teacher", "student", "proctor"))
        begin, end = (self._edge_day() for _ in range(2))
        if begin and end and begin > end:
            begin, end = end, begin
        statuses = ("", "", "", "", "active", "inactive", "tobedeleted")
        status = rng.choice(statuses) if self.rows["enrollments"] else ""  # all filled would be a delta
        own_school = school if rng.random() < 0.9 else rng.choice(self.schools)
        self.add("enrollments", sourcedId=f"{self.prefix}-e{len(self.rows['enrollments'])}", classSourcedId=class_id,
                 schoolSourcedId=own_school, userSourcedId=person.source_id, role=role,
                 status=status, beginDate=begin, endDate=end)  # fmt: skip

    def _edge_day(self) -> str:
        """Pick a date around as_of, an edge of a term, or blank."""
        if self.rng.random() < 0.4:
            return ""
        near = [self.around + timedelta(days=days) for days in (-60, -1, 0, 0, 1, 60)]
        edges = [day for _, start, end, _ in SESSIONS.values() for day in (start, end)]
        return self.rng.choice(near + edges).isoformat()

    def texts(self) -> dict[str, str]:
        """Write the files, each with the line ends, quoting and byte order mark of its own."""
        return {name: write_csv(self.rng, rows) for name, rows in self.tables().items()}


def write_csv(rng: Random, rows: list[list[str]]) -> str:
    """Write RFC 4180 text in one of the ways that exporters do."""
    line_end = rng.choice(("\r\n", "\n"))
    body = csv_text(rows, line_end=line_end, quoting=csv.QUOTE_ALL if rng.random() < 0.5 else csv.QUOTE_MINIMAL)
    return rng.choice(("", "", "\ufeff")) + (body if rng.random() < 0.8 else body.rstrip("\r\n"))
