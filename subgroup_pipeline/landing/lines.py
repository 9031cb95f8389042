"""Physical lines of rows, looked up in the archived file when a finding needs them (rows are landed without numbers)."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.archive import archived_path
from subgroup_pipeline.intake.zip_proof import member_name
from subgroup_pipeline.registry.header_name import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import TextIO

    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Home


def find_lines(
    home: Home, delivery: Delivery, file_name: str, column: str, values: Collection[str], most: int = 5
) -> tuple[int, ...]:
    """Lines (header = 1) of the first rows whose cell in `column`, trimmed, is one of `values`; blank is the empty text."""
    wanted = {value.strip() for value in values}
    found: list[int] = []
    reading = Reading.of(delivery, file_name)
    for stream in _open_file(home, delivery, file_name, reading.codec):
        for line, cell in _cells(stream, canonical(column), reading):
            if cell in wanted:
                found.append(line)
                if len(found) == most:
                    break
    return tuple(found)


@dataclass(frozen=True)
class Reading:
    """How a file was read, where that is not the plain way: noted in the ledger when it was screened."""

    codec: str = "utf-8-sig"
    delimiter: str = ","
    columns: Mapping[str, str] = field(default_factory=dict)
    """Configured columns that the file calls by an alias: the header's name of each."""

    @classmethod
    def of(cls, delivery: Delivery, file_name: str) -> Reading:
        """As noted for a file of a delivery."""
        noted = (delivery.counts or {}).get("files", {}).get(file_name, {}).get("reading", {})
        return cls(noted.get("encoding", cls.codec), noted.get("delimiter", cls.delimiter), noted.get("columns", {}))


def _cells(stream: TextIO, column: str, reading: Reading) -> Iterator[tuple[int, str]]:
    """Line and trimmed cell of every row that is not blank, up to a row that Python's reader does not take (128 KiB a cell)."""
    reader = csv.reader(stream, delimiter=reading.delimiter)
    try:
        # Lines before the header that say nothing are no header. A BOM that the codec leaves is no part of a name.
        first = next((row for row in reader if any(cell.strip("\ufeff \t,;|") for cell in row)), [])
        header = [canonical(name.lstrip("\ufeff")) for name in first]
        column = column if column in header else reading.columns.get(column, column)
        if column not in header:
            return
        position = header.index(column)
        line = reader.line_num + 1
        for row in reader:
            if any(cell.strip(" \t") for cell in row):
                yield line, row[position].strip() if position < len(row) else ""
            line = reader.line_num + 1
    except csv.Error:
        return


def _open_file(home: Home, delivery: Delivery, file_name: str, codec: str) -> Iterator[TextIO]:
    """The file's text as uploaded, loose or as a member of a zip; nothing when the delivery has no such file."""
    for file in delivery.files:
        if file.member_of and member_name(file.name) == file_name:
            upload = next(f for f in delivery.files if f.name == file.member_of and not f.member_of)
            with zipfile.ZipFile(archived_path(home.archive, upload.sha256)) as package, package.open(file.name) as member:
                yield io.TextIOWrapper(member, encoding=codec, errors="replace", newline="")
            return
        if not file.member_of and file.name == file_name:
            with archived_path(home.archive, file.sha256).open(encoding=codec, errors="replace", newline="") as stream:
                yield stream
            return
