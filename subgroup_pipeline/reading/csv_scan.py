"""The rows of a CSV text: what is read of them, what is said of them, and the strict text that is loaded.

Most files are clean, so whatever costs time a row is done only where a cheap look over all bytes shows a reason.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import METADATA_PREFIX, canonical, visible
from subgroup_pipeline.findings.finding import MOST_ROWS, Finding
from subgroup_pipeline.reading.closing_lines import closing_records
from subgroup_pipeline.reading.quoting import Requoted, UnclosedQuoteError, has_quoted_formula, requote
from subgroup_pipeline.reading.records import (
    Records,
    blank_records,
    find_ends,
    has_misplaced_quotes,
    odd_records,
    padded_places,
    quote_positions,
)
from subgroup_pipeline.reading.row_faults import RowJudge, may_have_controls
from subgroup_pipeline.reading.shape import CsvShape, SetAsideRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from subgroup_pipeline.reading.records import Ends

MAX_COLUMNS = 2000
TOO_MANY_SHARE, TOO_MANY_FLOOR = 0.01, 5
"""More than this share and more than this many rows that cannot be told apart into cells reject a file."""
KEPT_TEXT = 4096
_WIDE_SPACE = re.compile(rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80")
"""White space beyond ASCII, in UTF-8."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PICTURES = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def scan_rows(text: bytes, shape: CsvShape, file_name: str, known: Collection[str] = ()) -> bytes:
    """Fill the shape from a text that begins with its header; gives the text that is loaded: strict, nothing superfluous.

    `known` are the columns that are read, in canonical form; without them all are.
    """
    quotes = quote_positions(text)
    read = Requoted(text)
    if len(quotes) and (has_misplaced_quotes(text, quotes, shape.delimiter) or has_quoted_formula(text)):
        try:
            read = requote(text, shape.delimiter)
        except UnclosedQuoteError as error:
            _say_unclosed(shape, file_name, text.count(b"\n", 0, error.at) + shape.header_line)
            return text
        quotes = quote_positions(read.text)
    found = find_ends(read.text, quotes, shape.delimiter)
    shape.lines = len(found.newlines) + (not read.text.endswith(b"\n")) + shape.header_line - 1
    shape.continued = len(found.newlines) + (not read.text.endswith(b"\n")) - len(found.ends)
    if not _read_header(read.text[: found.ends[0]], shape, file_name, known):
        return text
    records = _records(read.text, found, shape)
    closing = _skip_closing_lines(records, shape, file_name)
    _look_at_end(records, shape, file_name, closing)
    judge = RowJudge(records, shape, file_name, _unread(shape.header, known))
    if may_have_controls(read.text, found, is_ascii=shape.is_ascii):
        judge.look_for_controls()
    judge.look_for_giants()
    _say_leniency(read, judge, shape, file_name)
    _look_for_padding(judge, found, shape, file_name, closing)
    return _cleaned(judge, shape, file_name, closing) if shape.is_readable else text


def _say_unclosed(shape: CsvShape, file_name: str, line: int) -> None:
    about = "The quotation mark that opens on this line is not closed."
    shape.findings.append(Finding("ROW004", file=file_name, line=line, about=about))


def _read_header(record: bytes, shape: CsvShape, file_name: str, known: Collection[str]) -> bool:
    """Read the header record into the shape; whether it can be used."""
    try:
        reader = csv.reader(io.StringIO(record.decode("utf-8"), newline=""), delimiter=shape.delimiter)
        shape.header = next(reader, [])
    except csv.Error:  # a cell beyond 128 KiB
        shape.findings.append(Finding("CAP002", file=file_name, line=shape.header_line))
        return False
    if not any(name.strip() for name in shape.header):  # formulas of nothing
        shape.findings.append(Finding("HDR005", file=file_name))
        return False
    if len(shape.header) > MAX_COLUMNS:
        shape.findings.append(Finding("HDR009", file=file_name, line=shape.header_line, count=len(shape.header)))
        return False
    _look_for_invisible(shape, file_name)
    return _look_for_controls_in(shape, file_name, known)


def _look_for_invisible(shape: CsvShape, file_name: str) -> None:
    """Take characters that nobody sees out of the header."""
    odd = {name for name in shape.header if visible(name) != name}
    if odd:
        columns = [str(number) for number, name in enumerate(shape.header, 1) if name in odd]
        about = f"In column {columns[0]}." if len(columns) == 1 else f"In columns {', '.join(columns[:10])}."
        shape.findings.append(Finding("HDR010", file=file_name, line=shape.header_line, count=len(columns), about=about))
        shape.header = [visible(name) for name in shape.header]


def _look_for_controls_in(shape: CsvShape, file_name: str, known: Collection[str]) -> bool:
    """Refuse a header with control characters in a name that is read; in others they are shown by pictures."""
    bare = {name: _CONTROLS.sub("", name) for name in shape.header}
    damaged = [name for name in shape.header if bare[name] != name]
    if not damaged:
        return True
    is_read = any(_is_read(bare[name], known) for name in damaged)
    about = "They stand in the header."
    code = "CHR002" if is_read else "CHR003"
    shape.findings.append(Finding(code, file=file_name, line=shape.header_line, count=len(damaged), about=about))
    shape.header = [name.translate(_PICTURES) if name in damaged else name for name in shape.header]
    return not is_read


def _is_read(name: str, known: Collection[str]) -> bool:
    return not known or canonical(name) in known or canonical(name).startswith(METADATA_PREFIX)


def _records(text: bytes, found: Ends, shape: CsvShape) -> Records:
    blank = blank_records(text, found.starts, found.ends, shape.delimiter)
    odd, odd_cells = odd_records(found.is_cell_end, found.starts, found.ends, len(shape.header), blank)
    shape.blank += len(blank)
    shape.records = len(found.ends) - 1 - len(blank)
    newlines, line = found.newlines, shape.header_line
    return Records(text, found.is_cell_end, found.starts, found.ends, newlines, blank, odd, odd_cells, line)


def _look_for_padding(judge: RowJudge, found: Ends, shape: CsvShape, file_name: str, closing: list[int]) -> None:
    """Say which rows have white space around a cell. A cell of nothing else is blank, which is no padding."""
    records = judge.records
    places = padded_places(records.text, found)
    shape.is_padded = bool(len(places))
    rows = records.at_all(places, [] if shape.is_ascii else [match.start() for match in _WIDE_SPACE.finditer(records.text)])
    left_out = {*closing, *judge.faults.refused}
    first = [r for r in rows[:MOST_ROWS] if r not in left_out and any(map(_has_padding, records.cells(r)))]
    if first:
        # Where a file has more such rows than are kept, they are not looked at one by one.
        padded = [*first, *rows[MOST_ROWS:]]
        shape.findings.append(records.finding("CEL101", file_name, padded))


def _has_padding(cell: bytes) -> bool:
    text = cell.decode().removeprefix('"').removesuffix('"')
    return text.strip() not in ("", text)


def _skip_closing_lines(records: Records, shape: CsvShape, file_name: str) -> list[int]:
    """Take totals and the like below the rows out of what is counted as rows."""
    closing = closing_records(records, shape.delimiter)
    if closing:
        shape.findings.append(records.finding("ROW010", file_name, closing))
        shape.records -= len(closing)
        shape.skipped += len(closing)
        shape.last_line = records.line(closing[0]) - 1
    return closing


def _look_at_end(records: Records, shape: CsvShape, file_name: str, closing: list[int]) -> None:
    """A file whose last line has no end may be cut; one whose last row lacks cells is."""
    if records.text.endswith(b"\n"):
        return
    last = len(records.ends) - 1
    is_short = len(records.odd) and records.odd[-1] == last and records.odd_cells[-1] < len(shape.header)
    if is_short and last not in closing:
        shape.findings.append(Finding("EOF002", file=file_name, line=records.line(last)))
    else:
        shape.findings.append(Finding("EOF001", file=file_name))


def _unread(header: list[str], known: Collection[str]) -> frozenset[int]:
    """Positions of columns that nobody reads."""
    return frozenset(position for position, name in enumerate(header) if not _is_read(name, known))


def _say_leniency(read: Requoted, judge: RowJudge, shape: CsvShape, file_name: str) -> None:
    """Say which rows have quotes where none belong, and set aside those of which nobody can tell what they mean."""
    records = judge.records
    aside, taken = judge.refuse_uncertain(read.uncertain)
    stray = sorted({*map(records.at, read.stray), *taken})
    for code, rows in (("ROW009", aside), ("ROW007", stray), ("ROW008", list(map(records.at, read.formulas)))):
        if rows:
            shape.findings.append(records.finding(code, file_name, rows))
    if 0 in aside or _is_too_many(aside, shape):
        _say_unclosed(shape, file_name, records.line(aside[0]))


def _is_too_many(rows: list[int], shape: CsvShape) -> bool:
    return len(rows) > TOO_MANY_FLOOR and len(rows) > TOO_MANY_SHARE * shape.records


def _cleaned(judge: RowJudge, shape: CsvShape, file_name: str, closing: list[int]) -> bytes:
    """The text without what is set aside, with a finding for each kind of it."""
    records, faults = judge.records, judge.faults
    replacement: dict[int, bytes] = dict.fromkeys([*records.blank.tolist(), *closing, *faults.refused], b"")
    wider, ragged = _fit(records, shape, replacement)
    refused = faults.refused | dict.fromkeys(ragged, "ROW002")
    shape.set_aside = len(refused)
    for code, found in (("ROW001", wider), ("ROW002", ragged)):
        if found:
            shape.findings.append(records.finding(code, file_name, found))
    if _is_too_many(ragged, shape):
        line = records.line(ragged[0])
        shape.findings.append(Finding("ROW003", file=file_name, line=line, count=len(ragged)))
        return records.text
    shape.set_aside_rows = [
        SetAsideRow(records.line(record), refused[record], printable(records.raw(record))) for record in sorted(refused)
    ]
    for record, positions in faults.emptied.items():
        if record not in replacement:
            cells = (b"" if n in positions else cell for n, cell in enumerate(records.cells(record)))
            replacement[record] = shape.delimiter.encode().join(cells) + b"\n"
    return _replaced(records, replacement) if replacement else records.text


def _fit(records: Records, shape: CsvShape, replacement: dict[int, bytes]) -> tuple[list[int], list[int]]:
    """Records with blank cells too many, which are cut off, and records that do not fit the header, in a replacement."""
    wider: list[int] = []
    ragged: list[int] = []
    for record, cells in zip(records.odd.tolist(), records.odd_cells.tolist(), strict=True):
        if record in replacement:
            continue
        width = len(shape.header)
        taken = _without_extra(records.raw(record), width, shape.delimiter) if cells > width else None
        (ragged if taken is None else wider).append(record)
        replacement[record] = taken or b""
    return wider, ragged


def printable(row: bytes) -> str:
    """The beginning of a row's text, its control characters as pictures of them."""
    return row[: 4 * KEPT_TEXT].decode("utf-8", "ignore")[:KEPT_TEXT].translate(_PICTURES)


def _without_extra(row: bytes, width: int, delimiter: str) -> bytes | None:
    """A row without the cells past the header, when those are blank (also as `""` or white space); else None."""
    cells = next(csv.reader(io.StringIO(row.decode("utf-8"), newline=""), delimiter=delimiter))
    if any(cell.strip() for cell in cells[width:]):
        return None
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n", delimiter=delimiter).writerow(cells[:width])
    return line.getvalue().encode("utf-8")


def _replaced(records: Records, replacement: dict[int, bytes]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for record in sorted(replacement):
        pieces += [records.text[at : records.starts[record]], replacement[record]]
        at = int(records.ends[record]) + 1
    return b"".join([*pieces, records.text[at:]])
