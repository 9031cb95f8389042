"""The report as CSV: one line a row with a problem, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.reports.report import Report

COLUMNS = (
    "report_version", "delivery_id", "file", "line", "record", "column", "code", "severity", "message", "how_to_fix", "row_key",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
BOM = "\ufeff"
"""Else Excel takes UTF-8 for the local code page."""


def as_csv(report: Report) -> str:
    """UTF-8 with BOM, every cell quoted, nothing that a spreadsheet runs as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(report):
        writer.writerow([_safe(cell) for cell in (report.report_version, report.delivery_id, *row)])
    return BOM + text.getvalue()


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    listed = set()
    for row in report.rows:
        listed.add((row.code, row.file, row.column))
        yield (
            row.file, row.line, row.record, row.column, row.code, row.severity, row.message, row.how_to_fix, row.row_key,
        )  # fmt: skip
    for problem in report.problems:
        place = (problem.code, problem.file or "", problem.column or "")
        if place not in listed:
            code, file, column = place
            message = problem.message if problem.count is None else f"{problem.message} ({problem.count:,})"
            yield (file, None, None, column, code, problem.severity, message, problem.how_to_fix, "")
    if report.rows_not_listed:
        yield (
            "",
            None,
            None,
            "",
            "",
            "info",
            f"and {report.rows_not_listed:,} more rows",
            "Fix the first ones; the rest come next.",
            "",
        )


def _safe(cell: object) -> str:
    """A cell's text; an apostrophe before what a spreadsheet would run (OWASP ASVS 1.2.10)."""
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(_FORMULA) else text
