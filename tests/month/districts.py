"""A made-up district that changes a little every day, and the uploads it makes of itself, good and faulty."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from tests.month.gradebook import Gradebook
from tests.oracle.random_district import WIDE_OPEN
from tests.support import small_district as small
from tests.support.installation import zip_of

Feed = Literal["roster", "subgroups"]

ROSTER_FAULTS = ("missing column", "truncated zip", "wrong encoding", "mass removal", "older export", "duplicated keys", "ragged")
SERVED_FAULTS = ("mass removal", "older export")
"""Faults of a roster that is fetched over REST; what can be wrong with its pages has tests of its own (tests/oneroster)."""
SUBGROUP_FAULTS = ("missing column", "wrong encoding", "older export", "duplicated keys", "low match", "ragged")
FATAL = frozenset({"missing column", "truncated zip", "wrong encoding", "ragged"})
"""Faults that a file cannot be read with; a conflict of keys in a subgroup file only sets rows aside."""
NO_GRADEBOOK = 0.05
"""How often an export comes without a gradebook, and how often with results that cannot be read."""
LANGUAGES = ("Spanish", "English", "Hmong", "español", "")


@dataclass(frozen=True)
class Upload:
    """One delivery as made: `files` go into the inbox, `texts` are what a reader of UTF-8 finds in them by file name."""

    feed: Feed
    fault: str
    files: dict[str, bytes]
    texts: dict[str, str]


@dataclass
class Student:
    """A student as the district's own system knows them."""

    number: int
    classes: set[int]
    is_active: bool = True
    cells: list[str] = field(default_factory=list)


class SmallDistrict:
    """A district of 20 to 60 students in two schools, three classes and two courses. The same seed makes the same days."""

    def __init__(self, name: str, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - cases, not secrets
        self.name = name
        self.settings = self._settings()
        self.is_served = False
        self._by_identifier = self.settings["subgroups"]["matches"] == "users.identifier"
        self._students: dict[int, Student] = {}
        self._gradebook = Gradebook(self.rng)
        self._next = self._serial = 0
        for _ in range(self.rng.randint(20, 60)):
            self._arrive()

    def _settings(self) -> dict[str, Any]:
        return {
            "district": self.name,
            "name": f"Made-up {self.name}",
            "timezone": self.rng.choice(("America/Chicago", "Pacific/Honolulu")),
            "as_of": self.rng.choice(("2026-10-01", "delivery", "roster")),
            "subgroups": {
                "student_id_column": "student_id",
                "matches": self.rng.choice(("users.sourcedId", "users.identifier")),
                "columns": {
                    "ell": {"subgroup": "english_learner", "values": {"y": "yes", "n": "no"}},
                    "sped": {"subgroup": "students_with_disabilities", "values": {"y": "yes", "n": "no"}, "blank": "no"},
                    "lang": {"subgroup": "home_language", "open": "true"},
                },
            },
            "reports": {"bands": {"below": "0", "near": "60", "met": "75"}},
            "guards": {"first_delivery": "accept", **WIDE_OPEN, "removed_students": "0.10", "match_rate": "0.3"},
        }

    def serve(self, url: str) -> None:
        """Have the roster fetched from a OneRoster server in place of uploading it."""
        self.is_served = True
        self.settings["roster"] = {"source": "oneroster_api", "url": url, "auth": {"type": "oauth1"}, "page_size": "20"}

    def settings_yaml(self) -> str:
        """The settings as YAML (JSON is YAML)."""
        return json.dumps(self.settings, indent=1) + "\n"

    def change_settings(self) -> None:
        """Count another day, call, map or group cells otherwise, also late, or move a band."""
        columns = self.settings["subgroups"]["columns"]
        match self.rng.randrange(7):
            case 0:
                self.settings["as_of"] = "2026-10-01" if self.settings["as_of"] != "2026-10-01" else "2027-02-01"
            case 1:
                values = columns["ell"]["values"]
                values["y"] = "served" if values["y"] == "yes" else "yes"
            case 2:  # a value is mapped late, or not any more
                values = columns["ell"]["values"]
                values.pop("?") if "?" in values else values.update({"?": "no"})
            case 3:  # a column that was there all the time is mapped late, or not any more
                frl = {"subgroup": "economically_disadvantaged", "values": {"f": "yes", "r": "yes", "p": "no"}}
                columns.pop("frl") if "frl" in columns else columns.update({"frl": frl})
            case 4:
                name = columns["sped"]["subgroup"]
                columns["sped"]["subgroup"] = "disability" if name != "disability" else "students_with_disabilities"
            case 5:
                bands = self.settings["reports"]["bands"]
                bands["met"] = "80" if bands["met"] == "75" else "75"
            case _:
                columns["sped"]["blank"] = "not_reported" if columns["sped"]["blank"] == "no" else "no"

    def pass_day(self) -> None:
        """Let a few students arrive, leave, change class, become inactive or be described otherwise, and teachers write."""
        rng = self.rng
        for student in rng.sample(list(self._students.values()), 3):
            student.cells = self._cells()
        for student in rng.sample(list(self._students.values()), 2):
            student.classes = set(rng.sample(range(3), rng.randint(0, 2)))
        if rng.random() < 0.3:
            self._arrive()
        if rng.random() < 0.3 and len(self._students) > 20:
            del self._students[rng.choice(list(self._students))]
        if rng.random() < 0.2:
            rng.choice(list(self._students.values())).is_active ^= True
        self._gradebook.pass_day({student.number: student.classes for student in self._students.values()})

    def _arrive(self) -> None:
        rng = self.rng
        classes = set(rng.sample(range(3), rng.randint(0, 2)))
        self._students[self._next] = Student(self._next, classes, rng.random() > 0.05, self._cells())
        self._next += 1

    def _cells(self) -> list[str]:
        rng = self.rng
        return [rng.choice(("y", "N", "n", "Y ", "", "?")), rng.choice(("y", "n", "")), rng.choice(LANGUAGES), rng.choice("frp")]

    @property
    def can_shrink(self) -> bool:
        """Whether there are enough students to lose a crowd."""
        return len(self._students) > 30

    def roster(self, fault: str = "") -> Upload:
        """Export the roster; older exports are made by who keeps them."""
        students = list(self._students.values())
        if fault == "mass removal":
            students = self.rng.sample(students, len(students) - 21 - self.rng.randrange(4))
        texts = self._roster_texts(students)
        if self.is_served:
            return Upload("roster", fault, {}, texts)
        users = texts["users.csv"]
        if fault == "missing column":
            texts["users.csv"] = users.replace(",role,", ",rolle,", 1)
        elif fault == "duplicated keys":
            texts["users.csv"] = users + users.splitlines()[1] + "\n"
        elif fault == "ragged":
            texts["users.csv"] = users + "".join(f"r{n},,,true,school0,student\n" for n in range(8))
        encoded = {name: text.encode() for name, text in texts.items()}
        if fault == "wrong encoding":
            encoded["users.csv"] = users.replace("Given", "Zo\x81").encode("latin-1")  # no letter in any
        if "results.csv" in texts and self.rng.random() < NO_GRADEBOOK:  # cannot be read, so it is as if it were not there
            encoded["results.csv"] = texts.pop("results.csv").replace(",score,", ",points,", 1).encode()
        if fault != "truncated zip" and self.rng.random() < 0.5:
            return Upload("roster", fault, encoded, texts)
        package = zip_of(encoded)
        return Upload("roster", fault, {"roster.zip": package[:-80] if fault == "truncated zip" else package}, texts)

    def _roster_texts(self, students: list[Student]) -> dict[str, str]:
        self._serial += 1
        made = small.SmallRoster()
        made.rows["academicSessions"][0]["title"] = f"Year {self._serial}"
        made.add("academicSessions", sourcedId="fall", title="Fall", type="term", schoolYear="2027", parentSourcedId="year",
                 startDate="2026-08-10", endDate="2027-01-10")  # fmt: skip
        made.add("academicSessions", sourcedId="half", title="First half", type="semester", schoolYear="2027",
                 parentSourcedId="year", startDate="2026-08-10", endDate="2026-11-01")  # fmt: skip
        made.add_class(2, "course1", "Algebra 2", "A2")
        made.enroll("-t", 0, "t001", "teacher")
        for student in students:
            made.add_student(student.number, is_active=student.is_active)
            for at in sorted(student.classes):
                made.enroll(f"{student.number}-{at}", at, f"s{student.number:03}")
        made.add(
            "users", sourcedId="t001", enabledUser="true", orgSourcedIds="school0", role="teacher", username="teach",
            givenName="Tea", familyName="Cher", identifier="t1",
        )  # fmt: skip
        if self.rng.random() > NO_GRADEBOOK:
            self._gradebook.write(made, {student.number for student in students})
        return made.texts()

    def subgroups(self, fault: str = "") -> Upload:
        """Export the subgroup file."""
        self._serial += 1
        rows = []
        for at, student in enumerate(self._students.values()):
            key = f"{student.number:05}" if self._by_identifier else f"s{student.number:03}"
            rows.append([f"x{key}" if fault == "low match" and at % 10 else key, *student.cells, str(self._serial)])
        if fault == "duplicated keys":
            rows += [[row[0], "y" if row[1].strip() != "y" else "n", *row[2:]] for row in rows[:3]]
        lines = [",".join(row) for row in rows]
        if fault == "ragged":
            lines += [f"r{n},y" for n in range(8)]
        text = "student_id,ell,sped,lang,frl,export\n" + "\n".join(lines) + "\n"
        if fault == "missing column":
            text = text.replace(",sped,", ",spedd,", 1)
        is_wrong = fault == "wrong encoding"
        text = text.replace(lines[0], lines[0] + ("\x81" if is_wrong else "ö"), 1)
        data = text.encode("latin-1" if is_wrong else "utf-8")
        return Upload("subgroups", fault, {"subgroups.csv": data}, {"subgroups.csv": data.decode(errors="replace")})
