"""What a page shows as a file: the same rows, by the marts' column names, with the snapshot and the date that they are of.

A page may show rows of several reports. A CSV holds them below each other and says in `report` which mart each row is of; a
workbook has a sheet for each.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.reports.csv_table import BOM, safe_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from _typeshed import DataclassInstance
    from xlsxwriter.worksheet import Worksheet

    from subgroup_pipeline.desk.dashboard.entity import Entity

_SHEET_NAME = 31
"""Characters that Excel takes in the name of a sheet."""
_CELL_MAX = 32_767
"""Characters that Excel takes in a cell."""


@dataclass(frozen=True)
class Part:
    """Rows of one mart (`report`) that a page shows; the fields of the rows are its columns."""

    report: str
    rows: Sequence[DataclassInstance]


@dataclass(frozen=True)
class Shown:
    """Everything that a page shows, and what it is about."""

    entity: Entity
    snapshot: str
    parts: Sequence[Part]

    def records(self, part: Part) -> list[dict[str, Any]]:
        """The rows of a part by column, with what they are of in front."""
        entity = self.entity
        of = {
            "report": part.report,
            "snapshot": self.snapshot,
            "as_of_date": entity.as_of_date,
            "school_year": entity.school_year,
            "district_id": entity.district_id,
            **entity.keys,
        }
        return [of | _flat(asdict(row)) for row in part.rows]


def as_csv(shown: Shown) -> bytes:
    """The file of what a page shows."""
    return csv_of([record for part in shown.parts for record in shown.records(part)])


def as_xlsx(shown: Shown) -> bytes:
    """A sheet for each report of what a page shows."""
    return xlsx_of(shown.entity.name, {part.report: shown.records(part) for part in shown.parts})


def csv_of(records: Sequence[dict[str, Any]]) -> bytes:
    """UTF-8 with BOM; text is quoted and nothing is run as a formula (OWASP ASVS 1.2.10); a number stands as it is."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _columns(records), restval="", quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({column: _csv_cell(cell) for column, cell in record.items()} for record in records)
    return (BOM + text.getvalue()).encode()


def xlsx_of(title: str, sheets: Mapping[str, Sequence[dict[str, Any]]]) -> bytes:
    """A sheet for each report. IDs are text, numbers are numbers, and no cell is a formula or a link."""
    from xlsxwriter.workbook import Workbook

    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": datetime(2000, 1, 1, tzinfo=UTC)})
        head = book.add_format({"bold": True, "bottom": 1})
        for report, records in sheets.items():
            sheet = book.add_worksheet(report[:_SHEET_NAME])
            columns = _columns(records)
            sheet.write_row(0, 0, columns, head)
            for line, record in enumerate(records, start=1):
                for at, column in enumerate(columns):
                    _write_cell(sheet, line, at, record.get(column))
            sheet.freeze_panes(1, 0)
            sheet.autofit()
            # Excel would mark every ID as a number that is stored as text, which it is meant to be.
            sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    return content.getvalue()


DOWNLOADS: dict[str, tuple[str, Callable[[Shown], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
}
"""The media type of each form of a download and how it is made, by the ending of its file."""


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record in which what is counted by name (`student_count_in` of bands) has a column for each name."""
    return {
        f"{column}_{name}" if isinstance(cell, dict) else column: content
        for column, cell in record.items()
        for name, content in (cell.items() if isinstance(cell, dict) else [("", cell)])
    }


def _columns(records: Sequence[dict[str, Any]]) -> list[str]:
    """The columns of all records, in the order in which they come first."""
    return list(dict.fromkeys(column for record in records for column in record))


def _csv_cell(cell: object) -> object:
    if isinstance(cell, bool):
        return str(cell).lower()
    return cell if isinstance(cell, int | float) else safe_cell(cell)


def _write_cell(sheet: Worksheet, line: int, at: int, cell: object) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(line, at, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(line, at, cell)
    elif cell is not None:
        sheet.write_string(line, at, str(cell)[:_CELL_MAX])
