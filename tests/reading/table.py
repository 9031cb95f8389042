"""A warehouse into which any file is loaded as it is, and what Python reads in the same file."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from subgroup_pipeline.landing.header import ColumnMap
from subgroup_pipeline.landing.load import load_files
from subgroup_pipeline.landing.screen import ScreenedFile, Screening
from subgroup_pipeline.reading.csv_shape import read_shape
from subgroup_pipeline.reading.shape import CsvShape
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.raw_tables import SUBGROUP_ROW
from tests.support.as_landed import as_landed

Row = list[str | None]


HEADER = b"a,b,c\n"


class Table:
    """A warehouse into which any file is loaded as it is, whatever its header says."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, directory: Path) -> None:
        self._connection = connection
        self._directory = directory

    def load(self, data: bytes, known: Collection[str] = ()) -> tuple[CsvShape, list[Row], Screening]:
        """The shape of a file and the cells of its rows as they were loaded, in the order of the file."""
        path = self._directory / "upload.csv"
        path.write_bytes(data)
        shape, readable = read_shape(path, "upload.csv", self._directory / "clean.csv", known)
        screening = Screening("d", "alpha", findings=list(shape.findings))
        if not shape.is_readable:
            return shape, [], screening
        width = len(shape.header)
        mapping = ColumnMap(width, (("student_id", 0),), tuple((str(n), n) for n in range(width)))
        screening.files.append(ScreenedFile(path, readable, "upload.csv", SUBGROUP_ROW, mapping, shape))
        self._connection.execute("delete from raw.subgroup_row")
        load_files(self._connection, [screening], datetime.now(UTC))
        rows = self._connection.execute("select cells from raw.subgroup_row order by rowid").fetchall()
        return shape, [[cells[str(n)] for n in range(width)] for (cells,) in rows], screening


@contextmanager
def open_table(directory: Path) -> Iterator[Table]:
    settings = load_settings(home=directory / "home", memory_limit="1GB")
    settings.paths.make()
    with open_warehouse(settings) as connection:
        yield Table(connection, directory)


def by_python(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Header and rows as csv.reader reads them, line breaks inside cells as LF."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return header, rows


def as_loaded(row: list[str]) -> Row:
    return [as_landed(cell) for cell in row]


def codes(shape: CsvShape) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.lines[0] if finding.lines else finding.line) for finding in shape.findings]
