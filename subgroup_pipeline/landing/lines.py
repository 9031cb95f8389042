"""Physical lines of rows, looked up in the archived file when a finding needs them (rows are landed without numbers)."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.archive import archived_path
from subgroup_pipeline.intake.zip_proof import member_name
from subgroup_pipeline.registry.district_file import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Any, TextIO

    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Home


@dataclass(frozen=True)
class KeyedRows:
    """Rows that are looked for: those whose cell in `column`, trimmed, is one of `keys`; blank is the empty text."""

    column: str
    keys: Collection[str]


@dataclass(frozen=True)
class FoundRow:
    """A row that was found: its physical line (header = 1), its number among the rows after the header, and its key."""

    line: int
    record: int
    key: str


def find_lines(
    home: Home, delivery: Delivery, file_name: str, column: str, values: Collection[str], most: int = 5
) -> tuple[int, ...]:
    """Lines (header = 1) of the first rows whose cell in `column`, trimmed, is one of `values`; blank is the empty text."""
    wanted = {value.strip() for value in values}
    found: list[int] = []
    for stream in _open_file(home, delivery, file_name):
        for line, cell in _cells(stream, canonical(column)):
            if cell in wanted:
                found.append(line)
                if len(found) == most:
                    break
    return tuple(found)


def _cells(stream: TextIO, column: str) -> Iterator[tuple[int, str]]:
    """Line and trimmed cell of every row that is not blank, up to a row that Python's reader does not take (128 KiB a cell)."""
    reader = csv.reader(stream)
    try:
        header = [canonical(name) for name in next(reader, [])]
        if column not in header:
            return
        position = header.index(column)
        line = reader.line_num + 1
        for row in reader:
            if any(row):
                yield line, row[position].strip() if position < len(row) else ""
            line = reader.line_num + 1
    except csv.Error:
        return


def find_all_lines(
    home: Home, delivery: Delivery, file_name: str, wanted: Sequence[KeyedRows], most: int
) -> list[list[FoundRow]]:
    """Rows of several findings in one pass over a file, each in the file's order and at most `most`."""
    found: list[list[FoundRow]] = [[] for _ in wanted]
    for stream in _open_file(home, delivery, file_name):
        reader = csv.reader(stream)
        try:
            header = [canonical(name) for name in next(reader, [])]
            _collect(reader, _takers(header, wanted, found), most)
        except csv.Error:
            pass  # as in `_cells`: what comes after a cell that Python does not take has no lines
    return found


def _takers(
    header: list[str], wanted: Sequence[KeyedRows], found: list[list[FoundRow]]
) -> dict[int, dict[str, list[list[FoundRow]]]]:
    """By position of a column and key: the lists that a row with it goes into."""
    takers: dict[int, dict[str, list[list[FoundRow]]]] = {}
    for rows, target in zip(wanted, found, strict=True):
        if (column := canonical(rows.column)) in header:
            by_key = takers.setdefault(header.index(column), {})
            for key in {key.strip() for key in rows.keys}:
                by_key.setdefault(key, []).append(target)
    return takers


def _collect(reader: Any, takers: dict[int, dict[str, list[list[FoundRow]]]], most: int) -> None:  # noqa: ANN401 - csv's reader
    record = 0
    line = reader.line_num + 1
    for row in reader:
        if any(row):
            record += 1
            for position, by_key in takers.items():
                key = row[position].strip() if position < len(row) else ""
                for target in by_key.get(key, ()):
                    if len(target) < most:
                        target.append(FoundRow(line, record, key))
        line = reader.line_num + 1


def _open_file(home: Home, delivery: Delivery, file_name: str) -> Iterator[TextIO]:
    """The file's text as uploaded, loose or as a member of a zip; nothing when the delivery has no such file."""
    for file in delivery.files:
        if file.member_of and member_name(file.name) == file_name:
            upload = next(f for f in delivery.files if f.name == file.member_of and not f.member_of)
            with zipfile.ZipFile(archived_path(home.archive, upload.sha256)) as package, package.open(file.name) as member:
                yield io.TextIOWrapper(member, encoding="utf-8-sig", errors="replace", newline="")
            return
        if not file.member_of and file.name == file_name:
            with archived_path(home.archive, file.sha256).open(encoding="utf-8-sig", errors="replace", newline="") as stream:
                yield stream
            return
