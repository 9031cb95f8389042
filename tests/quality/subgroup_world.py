"""Districts whose rosters and subgroup files are landed from real bytes and judged in one run, to see codes with their lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.registered import apply_settings, registered_districts
from subgroup_pipeline.quality.judge import judge_deliveries
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import Delivery, FindingRow
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.place import Place

STUDENTS = 100
SETTINGS = """\
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
class World:
    """An installation of one test module."""

    place: Place
    sent: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, home: Path) -> World:
        """A new one."""
        settings = load_settings(home=home)
        settings.paths.make()
        return cls(Place(settings, open_registry(settings)))

    def apply(self, district: str, guards: str = "", matches: str = "users.identifier") -> None:
        """Register a district, or change its settings."""
        yaml = SETTINGS.format(district=district, guards=guards and f", {guards}", matches=matches)
        apply_settings(self.place.registry, parse_district(yaml), yaml, actor="test")

    def judge(self) -> None:
        """Land what was delivered, and judge it."""
        self.place.land()
        registry = self.place.registry
        judge_deliveries(registry, self.place.settings, registered_districts(registry), run_name="test")

    def findings(self, delivery_id: str) -> dict[str, FindingRow]:
        """Findings by code; a code that stands twice is numbered from the second on."""
        by_code: dict[str, FindingRow] = {}
        for finding in self.place.delivery(delivery_id).findings:
            same = sum(code.startswith(finding.code) for code in by_code)
            by_code[f"{finding.code}/{same + 1}" if same else finding.code] = finding
        return by_code

    def delivery(self, delivery_id: str) -> Delivery:
        """A delivery as the ledger has it."""
        return self.place.delivery(delivery_id)
