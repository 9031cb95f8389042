"""Physical lines of rows, looked up by key in a file as it was uploaded (rows are landed without numbers)."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING
from unicodedata import normalize

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.reading.quoting import FORMULA
from subgroup_pipeline.reading.row_faults import MAX_ROW

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any, TextIO

SECONDS = 60.0
"""For so long a file is looked through: enough for a gigabyte of rows."""
_LINES_A_LOOK = 65_536


@dataclass(frozen=True)
class KeyedRows:
    """Rows that are looked for: those whose cell in `column`, as landing reads it, is one of `keys`; blank is the empty text.

    `id_column` has the row's own id where `column` is another one; the text of `cell_column` is brought along.
    """

    column: str
    keys: Collection[str]
    id_column: str = ""
    cell_column: str = ""


@dataclass(frozen=True)
class FoundRow:
    """A row that was found: its physical line (header = 1), its number after the header, its id, and the cell asked for."""

    line: int
    record: int
    key: str
    cell: str = ""


@dataclass(frozen=True)
class HowRead:
    """How a file was read when it was screened, as far as that is not the plain way."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns that the settings can name and the file writes in another way: the header's name of each."""
    header_line: int = 1
    last_line: int | None = None
    """The last line of the rows, where others follow that are none."""


def find_rows(
    path: Path, member: str, how: HowRead, wanted: Sequence[KeyedRows], most: int, seconds: float = SECONDS
) -> list[list[FoundRow]]:
    """Rows of several findings in one pass over a file, each in the file's order and at most `most`.

    `member` names the file in the zip at `path`; empty where that is the file itself. Rows from one on with a cell beyond a
    row's measure are not found, nor what comes after so many seconds of looking.
    """
    found: list[list[FoundRow]] = [[] for _ in wanted]
    with opened_rows(path, member, how, seconds) as (first, reader):
        header = [canonical(cell_as_read(name)) for name in first]
        _collect(reader, _takers(header, how, wanted, found), how, most)
    return found


@contextmanager
def opened_rows(path: Path, member: str, how: HowRead, seconds: float = SECONDS) -> Iterator[tuple[list[str], Any]]:
    """The header of a file and csv's reader of what follows, as landing reads it. Rows from a csv.Error on are not given."""
    with _opened(path, member, how.encoding) as stream, large_cells(), suppress(csv.Error):
        lines = islice(_in_time(stream, seconds), how.header_line - 1, None)
        # As `quoting` reads quotes.
        reader = csv.reader(lines, delimiter=how.delimiter, skipinitialspace=True)
        first: list[str] = []
        with suppress(csv.Error):
            # Lines before the header that say nothing are no header.
            first = next((row for row in reader if any(cell.strip("\ufeff \t,;|") for cell in row)), [])
        yield first, reader


def cell_as_read(text: str) -> str:
    """A cell as landing reads it: a formula as its text, trimmed and in Unicode's form NFC; blank is the empty text."""
    text = text.rstrip("\x1a").strip()
    if text.startswith("=") and (formula := FORMULA.fullmatch(text)):
        text = formula[1].strip()
    return text if text.isascii() else normalize("NFC", text)


@contextmanager
def large_cells() -> Iterator[None]:
    """Let Python's reader take cells that columns which nobody reads may have; its limit is one for the whole process."""
    usual = csv.field_size_limit(MAX_ROW)
    try:
        yield
    finally:
        csv.field_size_limit(usual)


@dataclass(frozen=True)
class _Taker:
    """A list that rows go into, and where a row has its id and the cell asked for."""

    rows: list[FoundRow]
    id_position: int
    cell_position: int | None


Takers = dict[int, dict[str, list[_Taker]]]


def _takers(header: list[str], how: HowRead, wanted: Sequence[KeyedRows], found: list[list[FoundRow]]) -> Takers:
    """By position of a column and key: who takes a row that has it."""

    def position(column: str) -> int | None:
        name = canonical(column)
        name = name if name in header else canonical(how.columns.get(name, name))
        return header.index(name) if name in header else None

    takers: Takers = {}
    for rows, target in zip(wanted, found, strict=True):
        at, id_at = position(rows.column), position(rows.id_column or rows.column)
        if at is None or id_at is None:
            continue
        cell_at = position(rows.cell_column) if rows.cell_column else None
        for key in set(rows.keys):
            takers.setdefault(at, {}).setdefault(key, []).append(_Taker(target, id_at, cell_at))
    return takers


def _collect(reader: Any, takers: Takers, how: HowRead, most: int) -> None:  # noqa: ANN401 - csv's reader
    def cell(row: list[str], position: int | None) -> str:
        return cell_as_read(row[position]) if position is not None and position < len(row) else ""

    record = 0
    line = reader.line_num + how.header_line
    for row in reader if takers else ():
        if how.last_line is not None and line > how.last_line:
            return
        # The first cell nearly always says that the row is not blank; asking all of them takes half of the pass.
        if row and (row[0].strip(" \t") or any(text.strip(" \t") for text in row)):
            record += 1
            for position, by_key in takers.items():
                for taker in by_key.get(cell(row, position), ()):
                    if len(taker.rows) < most:
                        found = FoundRow(line, record, cell(row, taker.id_position), cell(row, taker.cell_position))
                        taker.rows.append(found)
        line = reader.line_num + how.header_line


def _in_time(stream: TextIO, seconds: float) -> Iterator[str]:
    """The lines that can be read in time: hundreds of millions of them would keep a whole night busy."""
    until = time.monotonic() + seconds
    for number, line in enumerate(stream):
        if not number % _LINES_A_LOOK and time.monotonic() > until:
            return
        yield line


@contextmanager
def _opened(path: Path, member: str, encoding: str) -> Iterator[TextIO]:
    """The file's text as uploaded, loose or as a member of a zip."""
    if not member:
        with path.open(encoding=encoding, errors="replace", newline="") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as package, package.open(member) as unpacked:
        yield io.TextIOWrapper(unpacked, encoding=encoding, errors="replace", newline="")
