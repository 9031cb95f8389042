"""A made-up OneRoster package: its rows by kind of file, and the texts of its files, as every maker of districts writes them.

Only the form belongs here, which is the CSV binding of OneRoster 1.1. What the rows say is the affair of their makers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable

from subgroup_pipeline.reading.roster_files import KINDS
from subgroup_pipeline.warehouse.oneroster import roster_tables


class MadeUpRoster:
    """The rows of a package by kind of file (`users`), each row a map of cells; cells that are not named stay blank."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {kind: [] for kind in roster_tables()}

    def add(self, kind: str, **cells: str) -> None:
        """Append a row; a cell that OneRoster does not know makes a column of its own, behind the others."""
        self.rows[kind].append(cells)

    def tables(self, *, system: str = "") -> dict[str, list[list[str]]]:
        """Rows of each file by its name, header first: the manifest, the required files, and others if they have rows."""
        kinds = {kind: table for kind, table in roster_tables().items() if table.is_core or self.rows[kind]}
        tables = {"manifest.csv": manifest_rows(kinds, system=system)}
        for kind, table in kinds.items():
            header = list(dict.fromkeys([*table.columns, *(name for row in self.rows[kind] for name in row)]))
            tables[table.file_name] = [header, *([row.get(name, "") for name in header] for row in self.rows[kind])]
        return tables

    def texts(self) -> dict[str, str]:
        """The text of each file by its name, with plain line ends."""
        return {name: csv_text(rows) for name, rows in self.tables().items()}


def manifest_rows(present: Collection[str], *, system: str = "") -> list[list[str]]:
    """Rows of manifest.csv, header first, in which these kinds are bulk and all others absent (OneRoster 1.1 CSV binding)."""
    rows = [["propertyName", "value"], ["manifest.version", "1.0"], ["oneroster.version", "1.1"]]
    if system:
        rows.append(["source.systemName", system])
    return rows + [[f"file.{kind}", "bulk" if kind in present else "absent"] for kind in KINDS]


def csv_text(rows: Iterable[Collection[str]], *, line_end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Rows as text of RFC 4180; `quoting` is one of Python's `csv.QUOTE_…`."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=line_end).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()
