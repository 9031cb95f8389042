"""Taking rows out of an uploaded file: each becomes blank lines, so that every other row keeps its line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.reading.row_lookup import HowRead, cell_as_read, large_cells
from subgroup_pipeline.reading.zip_proof import member_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class GoneRows:
    """Rows of a file that go: those whose cell in one of `columns` is one of `ids`; where it has none of these, any cell counts.

    `lists` are columns with IDs behind commas: these IDs leave the cell, and the row stays.
    """

    how: HowRead
    ids: frozenset[str]
    columns: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    collection: str = ""
    """Where the file has pages of a list that was fetched: its name there. `columns` and `lists` are fields of its objects."""


def redact(path: Path, into: Path, files: Mapping[str, GoneRows], others: GoneRows) -> int:
    """Write a CSV or a zip of them anew without some rows; gives how many rows changed. `files` by name, `others` for the rest.

    A file that is no zip is the one of the empty name. Raises csv.Error, zipfile.BadZipFile or UnicodeError.
    """
    with large_cells():
        if "" in files and files[""].collection:
            return _redact_pages(path, into, files[""])
        if "" in files:
            with path.open("rb") as source, into.open("wb") as target:
                return _redact(source, target, files[""])
        changed = 0
        with zipfile.ZipFile(path) as package, zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as made:
            for info in package.infolist():
                if not info.is_dir():
                    member = zipfile.ZipInfo(info.filename, info.date_time)
                    member.compress_type = zipfile.ZIP_DEFLATED
                    with package.open(info) as source, made.open(member, "w") as target:
                        changed += _redact(source, target, files.get(member_name(info.filename), others))
        return changed


def _redact_pages(path: Path, into: Path, gone: GoneRows) -> int:
    """Each object that goes becomes an empty one, so that every other keeps its number in the list."""
    text, decoder = gzip.decompress(path.read_bytes()).decode(), json.JSONDecoder()
    at = changed = 0
    with gzip.open(into, "wt", encoding="utf-8") as target:
        while at < len(text.rstrip()):
            page, at = decoder.raw_decode(text, len(text) - len(text[at:].lstrip()))
            for number, one in enumerate(page[gone.collection]):
                if any(_named(one.get(field)) in gone.ids for field in gone.columns):
                    page[gone.collection][number] = {}
                    changed += 1
                    continue
                for field in gone.lists:
                    listed = one.get(field) or []
                    stay = [agent for agent in listed if _named(agent) not in gone.ids]
                    changed += len(stay) < len(listed)
                    if len(stay) < len(listed):
                        one[field] = stay
            json.dump(page, target)
            target.write("\n")
    return changed


def _named(reference: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """The ID in a reference of the JSON binding, or an ID itself."""
    named = reference.get("sourcedId") if isinstance(reference, dict) else reference
    return cell_as_read(named) if isinstance(named, str) else ""


def _redact(source: IO[bytes], target: IO[bytes], gone: GoneRows) -> int:
    encoding = "utf-8" if gone.how.encoding == "utf-8-sig" else gone.how.encoding
    errors = "strict" if encoding.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(source, encoding, errors, newline="")
    out = io.TextIOWrapper(target, encoding, errors, newline="")
    changed = 0
    out.writelines(islice(text, gone.how.header_line - 1))
    columns: list[int] | None = None
    lists: list[int] = []
    for row, raw in _rows(text, gone.how.delimiter):
        if columns is None:
            out.write(raw)
            if any(cell.strip("\ufeff \t,;|") for cell in row):
                columns, lists = _positions(row, gone, gone.columns), _positions(row, gone, gone.lists)
        elif _is_gone(row, columns, gone):
            out.write("".join(_LINE_END.findall(raw)))
            changed += 1
        else:
            kept = _without_listed(row, lists, gone, raw)
            changed += kept != raw
            out.write(kept)
    out.flush()
    out.detach()
    text.detach()
    return changed


def _rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Each row with the text that it was written as."""
    lines: list[str] = []

    def noted() -> Iterator[str]:
        for line in text:
            lines.append(line)
            yield line

    for row in csv.reader(noted(), delimiter=delimiter, skipinitialspace=True):
        yield row, "".join(lines)
        lines.clear()


def _positions(header: list[str], gone: GoneRows, names: tuple[str, ...]) -> list[int]:
    forms = [canonical(cell_as_read(name.lstrip("\ufeff"))) for name in header]
    wanted = {canonical(gone.how.columns.get(canonical(name), name)) for name in names} | {canonical(name) for name in names}
    return [position for position, form in enumerate(forms) if form in wanted]


def _is_gone(row: list[str], columns: list[int], gone: GoneRows) -> bool:
    # Earlier editions of OneRoster name some columns in another way.
    cells = (row[position] for position in columns if position < len(row)) if columns else row
    return any(cell_as_read(cell) in gone.ids for cell in cells)


def _without_listed(row: list[str], lists: list[int], gone: GoneRows, raw: str) -> str:
    """A row without these IDs in its lists; as it was written where none of them is there."""
    cells: list[Any] = list(row)
    for position in lists:
        listed = row[position].split(",") if position < len(row) else []
        stay = [name for name in listed if cell_as_read(name) not in gone.ids]
        if len(stay) < len(listed):
            cells[position] = ",".join(stay)
    if cells == row:
        return raw
    made = io.StringIO()
    csv.writer(made, delimiter=gone.how.delimiter, lineterminator="").writerow(cells)
    ends = _LINE_END.findall(raw)
    return made.getvalue() + (ends[-1] if ends else "")
