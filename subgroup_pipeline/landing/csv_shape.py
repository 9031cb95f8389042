"""The shape of one CSV file: header, records, and the lines that are not as wide as the header. Found by byte positions.

Comma, double quote, UTF-8 (RFC 4180, OneRoster 1.1 CSV binding); what it cannot read it names with code and line. A file
that is not plain (CR, ragged or blank rows) is copied clean for DuckDB, which then reads only LF and rows of one width.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.registry.findings import Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Mask = NDArray[np.bool_]
    Bytes = NDArray[np.uint8]

BOM = b"\xef\xbb\xbf"
RAGGED_SHARE, RAGGED_FLOOR = 0.01, 5
"""More than this share and more than this many ragged rows reject a file (design 3.12)."""


@dataclass
class CsvShape:
    """What a file is made of; lines count from 1, the header being line 1.

    `records` are rows after the header that are not blank; `set_aside` of them do not fit the header. `continued` are lines
    that a quoted line break makes part of the record before.
    """

    header: list[str] = field(default_factory=list)
    lines: int = 0
    records: int = 0
    blank: int = 0
    continued: int = 0
    set_aside: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(finding.severity == "fatal" for finding in self.findings)


def read_shape(path: Path, file_name: str, clean_copy: Path) -> tuple[CsvShape, Path]:
    """Read a file's shape; gives it with the path DuckDB reads: the file itself, or `clean_copy` when one was needed."""
    data = path.read_bytes()
    shape = CsvShape()
    text = data.removeprefix(BOM)
    # DuckDB does not see a quote behind a BOM, and would end the header at a line break in its first name.
    needs_copy = b"\r" in text or data.startswith(BOM + b'"')
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not _is_utf8(text, shape, file_name):
        return shape, path
    if not text or text.isspace():
        shape.findings.append(Finding("HDR005", file=file_name))
        return shape, path
    kept = _scan(text, shape, file_name)
    if shape.is_readable and (needs_copy or len(kept) < len(text)):
        clean_copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        clean_copy.write_bytes(kept)
        return shape, clean_copy
    return shape, path


def _is_utf8(text: bytes, shape: CsvShape, file_name: str) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        shape.findings.append(Finding("ENC001", file=file_name, line=line))
        return False
    return True


def _scan(text: bytes, shape: CsvShape, file_name: str) -> bytes:
    """Fill the shape from the bytes; gives the bytes without blank rows, ragged rows and superfluous empty cells."""
    import numpy as np

    view = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(view == ord('"'))
    if (line := _misplaced_quote(text, view, quotes)) is not None:
        shape.findings.append(Finding("ROW004", file=file_name, line=line))
        return text
    is_cell_end = view == ord(",")
    newlines = ends = np.flatnonzero(view == ord("\n"))
    if len(quotes):
        stretches = np.diff(np.concatenate(([0], quotes, [len(view)])))
        is_outside = np.repeat(np.arange(len(stretches)) % 2 == 0, stretches)
        is_cell_end &= is_outside
        ends = newlines[is_outside[newlines]]
        shape.continued = len(newlines) - len(ends)
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
        shape.findings.append(Finding("EOF001", file=file_name))
    starts = np.concatenate(([0], ends[:-1] + 1))
    shape.lines = len(newlines) + (0 if text.endswith(b"\n") else 1)
    try:
        shape.header = next(csv.reader(io.StringIO(text[: ends[0]].decode("utf-8"))), [])
    except csv.Error:  # a cell beyond 128 KiB
        shape.findings.append(Finding("ROW004", file=file_name, line=1))
        return text
    if not any(name.strip() for name in shape.header):
        shape.findings.append(Finding("HDR005", file=file_name))
        return text
    rows = _Rows(starts, ends, newlines, *_widths(is_cell_end, starts, ends, len(shape.header)))
    shape.blank = len(rows.blank)
    shape.records = len(ends) - 1 - shape.blank
    return _cleaned(text, shape, file_name, rows)


def _widths(is_cell_end: Mask, starts: Positions, ends: Positions, width: int) -> tuple[Positions, Positions, Positions]:
    """Records that are blank, records of another width than the header, and the cells of each of the latter.

    Cells are counted record by record only when there is a record that does not fit (three times the cost of the rest).
    """
    import numpy as np

    lengths = ends - starts
    blank = np.flatnonzero((lengths == 0) | (lengths == width - 1))
    blank = np.array([r for r in blank.tolist() if r and is_cell_end[starts[r] : ends[r]].all()], dtype=np.intp)
    none = np.array([], dtype=np.intp)
    cell_ends = np.flatnonzero(is_cell_end)
    filled = lengths > 0
    if _is_even(cell_ends, starts[filled], ends[filled], width - 1):
        return blank, none, none
    cells = np.diff(np.searchsorted(cell_ends, np.append(starts, len(is_cell_end)))) + 1
    is_blank = lengths == cells - 1
    is_blank[0] = False
    odd = np.flatnonzero((cells != width) & ~is_blank)
    return np.flatnonzero(is_blank), odd, cells[odd]


def _is_even(cell_ends: Positions, starts: Positions, ends: Positions, share: int) -> bool:
    """Whether every record has as many cell ends: the total fits, and the first and last of each share lie within its record."""
    if len(cell_ends) != len(starts) * share:
        return False
    by_record = cell_ends.reshape(len(starts), share)
    return not share or bool((by_record[:, 0] >= starts).all() and (by_record[:, -1] < ends).all())


@dataclass(frozen=True)
class _Rows:
    """Byte positions of records, and which of them are blank or (`odd`, with their cells) not as wide as the header."""

    starts: Positions
    ends: Positions
    newlines: Positions
    blank: Positions
    odd: Positions
    odd_cells: Positions

    def line(self, record: int) -> int:
        """Physical line on which a record starts."""
        return int(self.newlines.searchsorted(self.starts[record])) + 1


def _cleaned(text: bytes, shape: CsvShape, file_name: str, rows: _Rows) -> bytes:
    """The text without what is set aside, with a finding for each kind of it."""
    wider: list[int] = []
    ragged: list[int] = []
    replacement: dict[int, bytes] = dict.fromkeys(rows.blank.tolist(), b"")
    for record, cells in zip(rows.odd.tolist(), rows.odd_cells.tolist(), strict=True):
        row = text[rows.starts[record] : rows.ends[record]]
        taken = _without_extra(row, len(shape.header)) if cells > len(shape.header) else None
        (ragged if taken is None else wider).append(record)
        replacement[record] = taken or b""
    shape.set_aside = len(ragged)
    for code, records in (("ROW001", wider), ("ROW002", ragged)):
        if records:
            lines = tuple(rows.line(record) for record in records[:5])
            shape.findings.append(Finding(code, file=file_name, count=len(records), lines=lines))
    if len(ragged) > RAGGED_FLOOR and len(ragged) > RAGGED_SHARE * shape.records:
        shape.findings.append(Finding("ROW003", file=file_name, line=rows.line(ragged[0]), count=len(ragged)))
    return _replaced(text, rows, replacement) if replacement else text


def _without_extra(row: bytes, width: int) -> bytes | None:
    """A row without the cells past the header, when those are blank (also as `""` or white space); else None."""
    cells = next(csv.reader(io.StringIO(row.decode("utf-8"), newline="")))
    if any(cell.strip() for cell in cells[width:]):
        return None
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow(cells[:width])
    return line.getvalue().encode("utf-8")


def _replaced(text: bytes, rows: _Rows, replacement: dict[int, bytes]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for record in sorted(replacement):
        pieces += [text[at : rows.starts[record]], replacement[record]]
        at = int(rows.ends[record]) + 1
    return b"".join([*pieces, text[at:]])


def _misplaced_quote(text: bytes, view: Bytes, quotes: Positions) -> int | None:
    """Line of the first quote that opens in the middle of a cell or is never closed; None when all are well placed."""
    import numpy as np

    if not len(quotes):
        return None
    opening, closing = quotes[::2], quotes[1::2]
    before = view[np.maximum(opening - 1, 0)]
    wrong = opening[(opening > 0) & ~np.isin(before, np.frombuffer(b',\n"', dtype=np.uint8))]
    following = view[np.minimum(closing + 1, len(text) - 1)]
    is_loose = (closing < len(text) - 1) & ~np.isin(following, np.frombuffer(b',\n"', dtype=np.uint8))
    # Named by the quote that opened: a quote that was never closed ends where some later cell's begins.
    loose = opening[: len(closing)][is_loose]
    candidates = [int(found[0]) for found in (wrong, loose) if len(found)]
    if len(quotes) % 2:
        candidates.append(int(quotes[-1]))
    return text.count(b"\n", 0, min(candidates)) + 1 if candidates else None
