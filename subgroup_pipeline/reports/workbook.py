"""The report as an Excel workbook, in which an ID is text: a CSV that Excel opens loses the zeros at the front of its IDs."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.severity import SEVERITY_WORDS
from subgroup_pipeline.reports.csv_table import listed_rows
from subgroup_pipeline.reports.words import place_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlsxwriter.workbook import Workbook

    from subgroup_pipeline.reports.report import Problem, Report

_PROBLEMS = {"Problem": 60, "Where": 32, "Rows": 9, "How grave": 16, "In your student information system": 60,
             "If you edit the file in Excel": 60, "Why it matters": 50, "Code": 10}  # fmt: skip
_ROWS = {"File": 20, "Line": 8, "Column": 20, "Your ID": 18, "What stands there": 22, "Problem": 60, "How to fix it": 60,
         "How grave": 16, "Code": 10, "Row": 8}  # fmt: skip


def as_xlsx(report: Report) -> bytes:
    """Three sheets: what to fix, every row with a problem, and what became of the upload. No cell is a formula or a link."""
    from xlsxwriter.workbook import Workbook

    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        # A report that is written again is the same to the byte.
        book.set_properties({"title": f"{report.district_name}: {report.feed}", "created": datetime(2000, 1, 1, tzinfo=UTC)})
        _sheet(book, "What to fix", _PROBLEMS, (_cells(problem) for problem in report.problems))
        rows = ((*row[:7], SEVERITY_WORDS[str(row[7])], *row[8:]) for row in listed_rows(report))
        _sheet(book, "Rows", _ROWS, rows)
        _sheet(book, "About this upload", {"What": 28, "Answer": 100}, _about(report))
    return content.getvalue()


def _cells(problem: Problem) -> tuple[str | int | None, ...]:
    where = place_words([(place.file, place.column) for place in problem.places])
    return (
        problem.message, where, problem.count, problem.level, problem.how_to_fix, problem.in_excel, problem.why, problem.code,
    )  # fmt: skip


def _about(report: Report) -> list[tuple[str, str]]:
    return [
        ("What became of it", report.verdict_in_words),
        *(("What to do", line) for line in report.what_to_do),
        ("Received", report.received_local),
        *(("File", file.name) for file in report.files),
        ("Upload", report.delivery_id),
        ("Who we are", report.contact.in_words),
    ]


def _sheet(book: Workbook, name: str, columns: dict[str, int], rows: Iterable[Sequence[str | int | None]]) -> None:
    from subgroup_pipeline.reports.text_sheet import TextSheet

    sheet: TextSheet = book.add_worksheet(name, TextSheet)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for at, width in enumerate(columns.values()):
        sheet.set_column(at, at, width)
    sheet.append(list(columns), head)
    for cells in rows:
        sheet.append(cells, text)
    last = sheet.dim_rowmax
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    # Excel would mark every ID as a number that is stored as text, which it is meant to be.
    sheet.ignore_errors({"number_stored_as_text": f"A1:J{last + 1}"})
