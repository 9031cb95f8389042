"""The made-up school districts that `subgroups demo` delivers: rosters, subgroup files and settings, from a seed.

Only invention belongs here: a small town's roster and files. What tells the districts apart stands in `profiles`, who
the students are in `students`, how rows become files in `made_up_roster`. Nothing is read from the installation.
"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from subgroup_pipeline.demo.gradebook import TaughtClass, add_gradebook
from subgroup_pipeline.demo.made_up_roster import MadeUpRoster, csv_text
from subgroup_pipeline.demo.profiles import FAMILY, GIVEN, PROFILES, SUBJECTS, Profile
from subgroup_pipeline.demo.students import GRADES, Student, make_students

if TYPE_CHECKING:
    from pathlib import Path

_ZIP_TIME = (2026, 8, 24, 2, 0, 0)
_RACES = ("white", "blackOrAfricanAmerican", "asian", "americanIndianOrAlaskaNative")


@dataclass(frozen=True)
class SampleDistrict:
    """One made-up district: its settings, and what it uploads to `inbox/roster` and `inbox/subgroups`."""

    district_id: str
    name: str
    yaml_path: Path
    roster_files: list[Path]
    subgroup_files: list[Path]


@dataclass(frozen=True)
class _Year:
    """School year that contains today, in two halves without a gap; ends are exclusive."""

    start: date
    middle: date
    end: date
    today: date

    @classmethod
    def around(cls, today: date) -> _Year:
        first = today.year if today.month >= 7 else today.year - 1
        start = min(date(first, 8, 10), today - timedelta(days=21))
        return cls(start, date(first + 1, 1, 11), max(date(first + 1, 6, 12), today + timedelta(days=21)), today)


_Room = tuple[str, list[Student]]
"""A class to be: the code of its semester (empty: the whole year) and its students."""


class _Roster(MadeUpRoster):
    """OneRoster rows of one district."""

    def __init__(self, profile: Profile, year: _Year, rng: random.Random) -> None:
        super().__init__()
        self.profile, self.year, self.rng = profile, year, rng
        self.school_ids = [f"{profile.org}{number:03d}" for number in range(1, len(profile.schools) + 1)]
        self.teachers = 0
        self.taught: list[TaughtClass] = []

    def add_orgs_and_sessions(self) -> None:
        """Add the district, its schools, the school year and its two semesters."""
        org, year = self.profile.org, self.year
        label = f"{year.end.year}"
        self.add("orgs", sourcedId=org, name=self.profile.name, type="district", identifier=org)
        for school_id, school in zip(self.school_ids, self.profile.schools, strict=True):
            self.add("orgs", sourcedId=school_id, name=school.name, type="school", parentSourcedId=org)
        sessions = {"SY": ("School year", "schoolYear", year.start, year.end)}
        sessions["S1"] = ("Fall semester", "semester", year.start, year.middle)
        sessions["S2"] = ("Spring semester", "semester", year.middle, year.end)
        for code, (title, kind, start, end) in sessions.items():
            self.add(
                "academicSessions", sourcedId=f"{org}-{label}-{code}", title=f"{title} {int(label) - 1}-{label[2:]}",
                type=kind, startDate=start.isoformat(), endDate=end.isoformat(), schoolYear=label,
                parentSourcedId="" if code == "SY" else f"{org}-{label}-SY",
            )  # fmt: skip

    def add_student(self, student: Student) -> None:
        """Add the user and, as most districts do, the demographics."""
        style, rng = self.profile.matches, self.rng
        self.add(
            "users", sourcedId=student.source_id, enabledUser="true" if student.active else "false", role="student",
            orgSourcedIds=self.school_ids[student.school],
            username=f"{student.given[0]}{student.family}{student.key[-4:]}".lower(),
            givenName=student.given, familyName=student.family, grades=student.grade,
            identifier=student.key if style == "users.identifier" else "",
            userIds=f"{{Local:{student.key}}},{{LDAP:{student.source_id}}}" if style == "userIds:Local" else "",
        )  # fmt: skip
        race = rng.choices(_RACES, (70, 12, 10, 3))[0]
        born = date(self.year.start.year - 5 - GRADES.index(student.grade), 1, 1) - timedelta(days=rng.randrange(365))
        self.add(
            "demographics", sourcedId=student.source_id, birthDate=born.isoformat(), sex=rng.choice(("female", "male")),
            **{name: "true" if name == race else "false" for name in _RACES},
            nativeHawaiianOrOtherPacificIslander="false", demographicRaceTwoOrMoreRaces="false",
            hispanicOrLatinoEthnicity="true" if student.traits["home_language"] == "Spanish" else "false",
        )  # fmt: skip

    def add_teacher(self, school: int) -> str:
        """Add a teacher of a school and return their sourcedId."""
        self.teachers += 1
        source_id = f"{self.profile.org}-T{self.teachers:04d}"
        given, family = self.rng.choice(GIVEN), self.rng.choice(FAMILY)
        self.add(
            "users", sourcedId=source_id, enabledUser="true", role="teacher", orgSourcedIds=self.school_ids[school],
            username=f"{given}.{family}{self.teachers}".lower(), givenName=given, familyName=family,
        )  # fmt: skip
        return source_id

    def add_course(self, school: int, code: str, title: str, grade: str, rooms: list[_Room]) -> None:
        """Add a course of a school, a class for each room, their teachers and enrollments."""
        course_id, year, org = f"{self.school_ids[school]}-{code.replace(' ', '')}", self.year.end.year, self.profile.org
        self.add(
            "courses", sourcedId=course_id, schoolYearSourcedId=f"{org}-{year}-SY", title=title, courseCode=code,
            grades=grade, orgSourcedId=self.school_ids[school],
        )  # fmt: skip
        teacher = ""
        for section, (semester, students) in enumerate(rooms):
            if section % 5 == 0 or code.startswith("HR"):
                teacher = self.add_teacher(school)
            class_id = f"{course_id}-{section + 1:02d}"
            terms = [f"{org}-{year}-{code_}" for code_ in ((semester,) if semester else ("S1", "S2"))]
            self.add(
                "classes", sourcedId=class_id, title=f"{title}, section {section + 1}", grades=grade,
                courseSourcedId=course_id, classCode=f"{code}-{section + 1}", schoolSourcedId=self.school_ids[school],
                classType="homeroom" if code.startswith("HR") else "scheduled",
                termSourcedIds=",".join(terms), periods=str(section % 7 + 1),
            )  # fmt: skip
            self._enroll(class_id, school, teacher, "teacher", semester)
            for student in students:
                self._enroll(class_id, school, student.source_id, "student", semester)
            begin, end = self._dates_of(semester)
            self.taught.append(TaughtClass(class_id, title, begin, end, f"{org}-{year}-{semester or 'S1'}", students))

    def _dates_of(self, semester: str) -> tuple[date, date]:
        """First day of a semester or the year, and the first day after it."""
        year = self.year
        return year.middle if semester == "S2" else year.start, year.middle if semester == "S1" else year.end

    def _enroll(self, class_id: str, school: int, user_id: str, role: str, semester: str) -> None:
        """Enroll for the semester or the year; some districts leave dates to the terms, and some students move away."""
        number = len(self.rows["enrollments"]) + 1
        begin, end = self._dates_of(semester)
        is_dated = self.profile.is_dated
        if role == "student" and self.rng.random() < 0.004:
            is_dated, end = True, begin + timedelta(days=12)
        self.add(
            "enrollments", sourcedId=f"{self.profile.org}-E{number:06d}", classSourcedId=class_id,
            schoolSourcedId=self.school_ids[school], userSourcedId=user_id, role=role,
            primary="true" if role == "teacher" else "",
            beginDate=begin.isoformat() if is_dated else "", endDate=end.isoformat() if is_dated else "",
        )  # fmt: skip


def make_sample_districts(target: Path, seed: int = 20260824, today: date | None = None) -> list[SampleDistrict]:
    """Write three districts under `target` and say where their files lie.

    The same seed and day give the same bytes. The school year is chosen so that enrollments hold on `today`.
    """
    year = _Year.around(today or datetime.now(UTC).date())
    return [_make_district(profile, target, year, seed) for profile in PROFILES]


def make_broken_export(sample: SampleDistrict) -> Path:
    """Write a later subgroup file of a district in which every student has the most frequent value of the first column."""
    source = sample.subgroup_files[0]
    header, *rows = csv.reader(io.StringIO(source.read_text(encoding="utf-8")))
    cells = [row[1] for row in rows]
    usual = max(set(cells), key=cells.count)
    target = source.parent / "next night" / source.name
    target.parent.mkdir(exist_ok=True)
    target.write_text(csv_text([header, *([row[0], usual, *row[2:]] for row in rows)]), encoding="utf-8")
    return target


def _make_district(profile: Profile, target: Path, year: _Year, seed: int) -> SampleDistrict:
    rng = random.Random(f"{seed}:{profile.district_id}")  # noqa: S311 - invention, not secrets
    roster = _Roster(profile, year, rng)
    students = make_students(profile, rng)
    roster.add_orgs_and_sessions()
    for student in students:
        roster.add_student(student)
    _fill_classes(roster, [student for student in students if student.active and rng.random() > 0.003])
    folder = target / profile.district_id
    folder.mkdir(parents=True, exist_ok=True)
    subgroup_file = folder / profile.subgroup_file
    subgroup_file.write_bytes(_subgroup_csv(profile, students, rng))
    yaml_path = target / f"{profile.district_id}.yml"
    yaml_path.write_text(profile.settings(), encoding="utf-8")
    # Drawn apart, so that gradebooks change no other byte of a seed's districts.
    add_gradebook(roster, roster.taught, year.today, random.Random(f"{seed}:{profile.district_id}:gradebook"))  # noqa: S311
    files = _write_roster(folder, roster)
    return SampleDistrict(profile.district_id, profile.name, yaml_path, files, [subgroup_file])


def _fill_classes(roster: _Roster, students: list[Student]) -> None:
    """Give each younger student one homeroom and each older one six classes, the sixth changing with the semester."""
    visitors = [student for student in students if student.grade == "08"][:5]
    for school, plan in enumerate(roster.profile.schools):
        for grade in plan.grades:
            group = [student for student in students if student.school == school and student.grade == grade]
            if len(plan.grades) == 6:
                rooms = [("", room) for room in _split(group, 22, roster.rng)]
                roster.add_course(school, f"HR{grade}", f"Grade {grade} homeroom", grade, rooms)
                continue
            for number, title in enumerate(SUBJECTS[grade]):
                semesters = ("S1", "S2") if number == 5 else ("",)
                rooms = [(half, room) for half in semesters for room in _split(group, 26, roster.rng)]
                if grade == "09" and number == 1:  # eighth-graders who walk over to the high school for algebra
                    rooms[0][1].extend(visitors)
                roster.add_course(school, f"{title[:3].upper()}{grade}{number + 1}", title, grade, rooms)


def _split(students: list[Student], size: int, rng: random.Random) -> list[list[Student]]:
    shuffled = rng.sample(students, len(students))
    rooms = max(1, ceil(len(students) / size))
    return [shuffled[room::rooms] for room in range(rooms)]


def _subgroup_csv(profile: Profile, students: list[Student], rng: random.Random) -> bytes:
    """Spell the traits as this district does, one wide row a student; the untidy district adds its small trouble."""
    rows = []
    for student in students:
        if student.active or profile.is_untidy:
            cells = [column.write(student.traits, rng) for column in profile.columns]
            rows.append([student.key, *cells])
    if profile.is_untidy:
        del rows[40], rows[777]  # two students the office forgot
        rows[120][2] = "Pending"
        rows.insert(901, list(rows[900]))
        rows += [[profile.key(90_000 + extra), *rows[extra][1:]] for extra in range(4)]
    header = [profile.student_id_header, *(column.header for column in profile.columns)]
    return csv_text([header, *rows], line_end=profile.line_end).encode()


def _write_roster(folder: Path, roster: _Roster) -> list[Path]:
    """Write the package as one zip at the root of which the files lie, or loose, as the district is used to."""
    tables = roster.tables(system="Chalkboard SIS")
    members = {name: csv_text(rows, line_end=roster.profile.line_end).encode() for name, rows in tables.items()}
    if not roster.profile.is_zipped:
        loose = folder / "roster"
        loose.mkdir(exist_ok=True)
        for name, data in members.items():
            (loose / name).write_bytes(data)
        return sorted(loose / name for name in members)
    path = folder / "roster.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            package.writestr(zipfile.ZipInfo(name, _ZIP_TIME), data, zipfile.ZIP_DEFLATED)
    return [path]
