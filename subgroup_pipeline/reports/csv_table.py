"""The report as CSV: one line per row with a problem, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.reports.report import Report

COLUMNS = (
    "file", "line", "column", "row_key", "value", "message", "how_to_fix", "severity", "code", "record", "delivery_id",
    "report_version",
)  # fmt: skip
"""What a clerk needs comes first: where it is, what is wrong, how to mend it."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
BOM = "\ufeff"
"""Else Excel takes UTF-8 for the local code page."""


def as_csv(report: Report) -> str:
    """UTF-8 with BOM, every cell quoted, nothing that a spreadsheet runs as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in listed_rows(report):
        writer.writerow([safe_cell(cell) for cell in (*row, report.delivery_id, report.report_version)])
    return BOM + text.getvalue()


def listed_rows(report: Report) -> Iterator[tuple[str | int | None, ...]]:
    """What the tables list, by the first ten columns: every row, each place of a problem without rows, and what is not listed."""
    listed = set()
    for row in report.rows:
        listed.add((row.code, row.file, row.column))
        yield (
            row.file, row.line, row.column, row.row_key, row.value,
            row.message, row.how_to_fix, row.severity, row.code, row.record,
        )  # fmt: skip
    for problem in report.problems:
        for place in problem.places:
            file, column = place.file or "", place.column or ""
            if (problem.code, file, column) not in listed:
                about = f" {place.about}" if place.about and not problem.message.endswith(place.about) else ""
                count = "" if place.count is None else f" ({place.count:,})"
                message = f"{problem.message}{about}{count}"
                yield file, None, column, "", "", message, problem.how_to_fix, problem.severity, problem.code, None
    if report.rows_not_listed:
        rest = f"and {report.rows_not_listed:,} more rows"
        yield "", None, "", "", "", rest, "Fix the first ones; the rest come next.", "info", "", None


def safe_cell(cell: object) -> str:
    """A cell's text; an apostrophe before what a spreadsheet would run (OWASP ASVS 1.2.10)."""
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(_FORMULA) else text
