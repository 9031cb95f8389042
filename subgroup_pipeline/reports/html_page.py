"""The report as HTML: a page of its own without script, printable and readable on a phone, or its sections in another page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from subgroup_pipeline.reports.words import LET_THROUGH, place_words, size_words
from subgroup_pipeline.warehouse.oneroster import is_endpoint

if TYPE_CHECKING:
    from jinja2 import Template

    from subgroup_pipeline.reports.report import Problem, Report, Row

ROWS_OF_A_PROBLEM = 10
"""More would take pages of paper and of thumbing; the workbook has them all."""
PLACES_OF_A_PROBLEM = 12
VALUES_OF_A_PLACE = 10
CHANGES = 10


def as_html(report: Report) -> str:
    """The page. Every value of the report is escaped."""
    return template("report.html.j2").render(_values(report, "Excel file beside this page"))


def as_sections(report: Report) -> str:
    """What the page says, without its frame: for a page of the portal that has `static/report.css`. Every value is escaped."""
    return template("report_sections.html.j2").render(_values(report, "Excel file of this report"))


def _values(report: Report, excel_file: str) -> dict[str, object]:
    """What the templates need; `excel_file` is where the reader finds all rows."""
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in report.rows:
        if row.row_key or row.value:
            rows[row.problem].append(row)
    return {
        "r": report,
        "rows": {number: _Rows(found[:ROWS_OF_A_PROBLEM], len(found)) for number, found in rows.items()},
        "most_places": PLACES_OF_A_PROBLEM,
        "most_values": VALUES_OF_A_PLACE,
        "most_changes": CHANGES,
        "where_words": _where,
        "size_words": size_words,
        "tone": tone(report),
        "excel_file": excel_file,
        "is_listed": any(is_endpoint(place.file) for problem in report.problems for place in problem.places),
    }


def _where(problem: Problem) -> str:
    return place_words([(place.file, place.column) for place in problem.places])


@dataclass(frozen=True)
class _Rows:
    """The first rows of a problem, and how many the report lists."""

    first: list[Row]
    listed: int

    def has_several(self, name: str) -> bool:
        """Whether the rows differ in a field, so that the table needs its column."""
        return len({getattr(row, name) for row in self.first}) > 1

    def has(self, name: str) -> bool:
        """Whether any row has the field filled."""
        return any(getattr(row, name) not in (None, "") for row in self.first)


def tone(report: Report) -> str:
    """Which of three colours the verdict has; the words say the same."""
    if report.verdict == "rejected" or report.state in ("rejected", "held"):
        return "stop"
    to_look_at = any(p.severity != "info" and p.level != LET_THROUGH for p in report.problems)
    return "look" if to_look_at or report.verdict is None else "good"


@cache
def template(name: str) -> Template:
    """A page of this room; every value put into it is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("subgroup_pipeline.reports", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
