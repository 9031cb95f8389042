"""Districts whose rosters and subgroup files are landed from real bytes and judged in one run, to see codes with their lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from subgroup_pipeline.registry.schema import FindingRow
from tests.support import small_district as small
from tests.support.place import Place

STUDENTS = 100
_SETTINGS = """\
district: {district}
name: Made-up {district}
timezone: America/Chicago
as_of: 2026-10-01
subgroups:
  student_id_column: student_id
  matches: {matches}
  columns:
    ell:  {{subgroup: english_learner, values: {{y: yes, n: no}}}}
    sped: {{subgroup: students_with_disabilities, values: {{y: yes, n: no}}, optional: true, aliases: [iep]}}
    lang: {{subgroup: home_language, open: true, values: {{none: not_reported}}, optional: true}}
guards: {{first_delivery: accept{guards}}}
"""


def settings(district: str, guards: str = "", matches: str = "users.identifier") -> str:
    """The YAML of a district whose file has three columns; `guards` as in `share_change: 0.2`."""
    return _SETTINGS.format(district=district, guards=guards and f", {guards}", matches=matches)


HEADER = "student_id,ell,sped,lang"
Rows = list[list[str]]


def rows(students: int = STUDENTS, key: str = "{:05}") -> Rows:
    """A clean file: every fourth student is an English learner, every fifth has a disability, three languages."""
    return [
        [key.format(n), "y" if n % 4 == 0 else "n", "y" if n % 5 == 0 else "n", ("Spanish", "English", "Karen")[n % 3]]
        for n in range(students)
    ]


def text(body: Rows, header: str = HEADER) -> str:
    """The file as a district would upload it."""
    return "\n".join([header, *(",".join(row) for row in body)]) + "\n"


def roster(key: str = "", students: int = STUDENTS) -> dict[str, str]:
    """A roster whose students' identifiers are `00000` and on, or of another form."""
    files = small.roster(students)
    if key:
        for n in range(students):
            files["users.csv"] = files["users.csv"].replace(f",,{n:05},", f",,{key.format(n)},")
    return files


@dataclass
class World(Place):
    """An installation of one test module."""

    sent: dict[str, str] = field(default_factory=dict)

    def findings(self, delivery_id: str) -> dict[str, FindingRow]:
        """Findings by code; a code that stands twice is numbered from the second on."""
        by_code: dict[str, FindingRow] = {}
        for finding in self.delivery(delivery_id).findings:
            same = sum(code.startswith(finding.code) for code in by_code)
            by_code[f"{finding.code}/{same + 1}" if same else finding.code] = finding
        return by_code
