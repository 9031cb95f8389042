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

    def add_gradebook(self, students: int) -> None:
        """Of each class a quiz of 20 points, where student n < 20 has 20 - n, and an essay of 0 to 4: 2 for even ones."""
        for at in (0, 1):
            for name, points in (("quiz", "20"), ("essay", "4")):
                self.add(
                    "lineItems", sourcedId=f"{name}{at}", title=name.title(), assignDate="2026-09-01", dueDate="2026-09-08",
                    classSourcedId=f"class{at}", categorySourcedId="work", gradingPeriodSourcedId="fall", resultValueMin="0",
                    resultValueMax=points,
                )  # fmt: skip
        self.add(
            "academicSessions", sourcedId="fall", title="Fall", type="gradingPeriod", schoolYear="2027", parentSourcedId="year",
            startDate="2026-08-10", endDate="2026-12-19",
        )  # fmt: skip
        for n in range(students):
            self.add_result("quiz", n, str(20 - n % 20))
            if n % 2 == 0:
                self.add_result("essay", n, "2")

    def add_result(self, name: str, n: int, score: str) -> None:
        """A result of a student in the own class."""
        self.add(
            "results", sourcedId=f"{name}-{n}", lineItemSourcedId=f"{name}{n % 2}", studentSourcedId=f"s{n:03}",
            scoreStatus="fully graded", score=score, scoreDate="2026-09-09",
        )  # fmt: skip


def roster(students: int = 10, *, school_year: int = 2027) -> dict[str, str]:
    """Texts of a small roster's files by name, manifest first; students alternate between the schools."""
    return made_roster(students, school_year).texts()


def graded_roster(students: int = 10) -> dict[str, str]:
    """The same with a gradebook."""
    made = made_roster(students)
    made.add_gradebook(students)
    return made.texts()


def made_roster(students: int, school_year: int = 2027) -> SmallRoster:
    """The small roster, to which more may be added."""
    made = SmallRoster(school_year=school_year)
    for n in range(students):
        made.add_student(n)
        made.enroll(f"{n}", n % 2, f"s{n:03}")
    return made


def manifest(files: Collection[str]) -> str:
    """A manifest.csv that announces these files as bulk."""
    return csv_text(manifest_rows([name.removesuffix(".csv") for name in files]))


def subgroups(students: int = 10) -> str:
    """A subgroup file: every third student is an English learner, every fifth has a blank `sped`, the others no."""
    rows = [f"s{n:03},{'Y' if n % 3 == 0 else 'N'},{'' if n % 5 == 0 else 'n'}" for n in range(students)]
    return "student_id,ell,sped\n" + "\n".join(rows) + "\n"
