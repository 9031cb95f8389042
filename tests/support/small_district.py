"""A small made-up district as texts: enough to publish, easy to break in one place."""

from __future__ import annotations

from collections.abc import Collection

from subgroup_pipeline.demo.made_up_roster import MadeUpRoster, csv_text, manifest_rows

SETTINGS = """\
district: {district}
name: Made-up {district}
timezone: America/Chicago
as_of: 2026-10-01
subgroups:
  student_id_column: student_id
  matches: users.sourcedId
  columns:
    ell:  {{subgroup: english_learner, values: {{y: yes, n: no}}}}
    sped: {{subgroup: students_with_disabilities, values: {{y: yes, n: no}}, blank: no}}
guards: {{first_delivery: accept, match_rate: 0.5}}
"""


def settings(district: str, **replacements: str) -> str:
    """The district's YAML, with texts replaced."""
    text = SETTINGS.format(district=district)
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


class SmallRoster(MadeUpRoster):
    """One district with two schools, and one course and one class per school; students and their seats are added."""

    def __init__(self, *, school_year: int = 2027) -> None:
        super().__init__()
        self.add("orgs", sourcedId="d1", name="Made-up", type="district")
        self.add("orgs", sourcedId="school0", name="Elm School", type="school", parentSourcedId="d1")
        self.add("orgs", sourcedId="school1", name="Oak School", type="school", parentSourcedId="d1")
        days = {"startDate": f"{school_year - 1}-08-10", "endDate": f"{school_year}-06-12"}
        self.add("academicSessions", sourcedId="year", title="Year", type="schoolYear", schoolYear=str(school_year), **days)
        year = {"schoolYearSourcedId": "year", "grades": "05", "orgSourcedId": "d1"}
        self.add("courses", sourcedId="course0", title="Reading", courseCode="R", **year)
        self.add("courses", sourcedId="course1", title="Algebra", courseCode="A", **year)
        self.add_class(0, "course0", "Reading 1", "R1")
        self.add_class(1, "course1", "Algebra 1", "A1")

    def add_class(self, at: int, course: str, title: str, code: str) -> None:
        """A class in the school that its number falls to; classes alternate between the schools."""
        self.add(
            "classes", sourcedId=f"class{at}", title=title, grades="05", courseSourcedId=course, classCode=code,
            classType="scheduled", schoolSourcedId=f"school{at % 2}", termSourcedIds="year",
        )  # fmt: skip

    def add_student(self, n: int, *, is_active: bool = True) -> None:
        """The student of this number, in the school that it falls to."""
        self.add(
            "users", sourcedId=f"s{n:03}", enabledUser=str(is_active).lower(), orgSourcedIds=f"school{n % 2}", role="student",
            username=f"user{n}", givenName=f"Given{n}", familyName=f"Family{n}", identifier=f"{n:05}", grades="05",
        )  # fmt: skip

    def enroll(self, seat: str, at: int, user: str, role: str = "student") -> None:
        """A seat in a class, without dates."""
        where = {"classSourcedId": f"class{at}", "schoolSourcedId": f"school{at % 2}"}
        self.add("enrollments", sourcedId=f"e{seat}", userSourcedId=user, role=role, **where)


def roster(students: int = 10, *, school_year: int = 2027) -> dict[str, str]:
    """Texts of a small roster's files by name, manifest first; students alternate between the schools."""
    made = SmallRoster(school_year=school_year)
    for n in range(students):
        made.add_student(n)
        made.enroll(f"{n}", n % 2, f"s{n:03}")
    return made.texts()


def manifest(files: Collection[str]) -> str:
    """A manifest.csv that announces these files as bulk."""
    return csv_text(manifest_rows([name.removesuffix(".csv") for name in files]))


def subgroups(students: int = 10) -> str:
    """A subgroup file: every third student is an English learner, every fifth has a blank `sped`, the others no."""
    rows = [f"s{n:03},{'Y' if n % 3 == 0 else 'N'},{'' if n % 5 == 0 else 'n'}" for n in range(students)]
    return "student_id,ell,sped\n" + "\n".join(rows) + "\n"
