"""The rows of a CSV text, found by byte positions: RFC 4180, UTF-8, LF, one delimiter. Faults come with their line.

Most files are clean, so whatever costs time a row is done only where a cheap look over all bytes shows a reason.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.landing.csv_shape import CsvShape, SetAsideRow
from subgroup_pipeline.registry.findings import MOST_ROWS, Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Mask = NDArray[np.bool_]
    Bytes = NDArray[np.uint8]

MAX_CELL = 64 * 1024
MAX_ROW = 1024 * 1024
MAX_COLUMNS = 2000
RAGGED_SHARE, RAGGED_FLOOR = 0.01, 5
"""More than this share and more than this many ragged rows reject a file (design 3.12)."""
CONTROL_SHARE, CONTROL_FLOOR = 0.001, 5
"""The same of rows with control characters: bytes that no export writes, so the file is damaged."""
KEPT_TEXT = 4096
_WHITE = b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f "
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
_LATE_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_PICTURES = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def scan_rows(text: bytes, shape: CsvShape, file_name: str) -> bytes:
    """Fill the shape from a text that begins with its header; gives the text without what is set aside or superfluous."""
    import numpy as np

    view = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(view == ord('"')) if b'"' in text else np.array([], dtype=np.intp)
    if (at := _misplaced_quote(text, view, quotes, shape.delimiter)) is not None:
        line = text.count(b"\n", 0, at) + shape.header_line
        shape.findings.append(Finding("ROW004", file=file_name, line=line))
        return text
    is_cell_end = view == ord(shape.delimiter)
    low = np.flatnonzero(view <= ord(" "))
    newlines = ends = low[view[low] == ord("\n")]
    is_outside = None
    if len(quotes):
        stretches = np.diff(np.concatenate(([0], quotes, [len(view)])))
        is_outside = np.repeat(np.arange(len(stretches)) % 2 == 0, stretches)
        is_cell_end &= is_outside
        ends = newlines[is_outside[newlines]]
        shape.continued = len(newlines) - len(ends)
    is_whole = text.endswith(b"\n")
    if not is_whole:
        ends = np.append(ends, len(text))
        shape.findings.append(Finding("EOF001", file=file_name))
    starts = np.concatenate(([0], ends[:-1] + 1))
    shape.lines = len(newlines) + (0 if is_whole else 1) + shape.header_line - 1
    if not _read_header(text[: ends[0]], shape, file_name):
        return text
    blank = _blank_rows(text, view, starts, ends, shape.delimiter)
    odd, odd_cells = _odd_rows(is_cell_end, starts, ends, len(shape.header), blank)
    rows = _Rows(starts, ends, newlines, blank, odd, odd_cells, shape.header_line)
    shape.blank += len(blank)
    shape.records = len(ends) - 1 - len(blank)
    if not is_whole and len(odd) and odd[-1] == len(ends) - 1 and odd_cells[-1] < len(shape.header):
        shape.findings.append(Finding("EOF002", file=file_name, line=rows.line(len(ends) - 1)))
    if len(low) > len(ends):
        shape.is_padded = _is_padded(view, low[np.searchsorted(low, ends[0], "right") :], is_cell_end, is_outside)
    has_low = len(low) > len(newlines) and len(low) > len(newlines) + text.count(b"\t") + text.count(b" ")
    refused = _rows_with_controls(text, has_low, rows, shape, file_name)
    refused |= _rows_beyond_caps(is_cell_end, rows, shape, file_name)
    return _cleaned(text, shape, file_name, rows, refused) if shape.is_readable else text


@dataclass(frozen=True)
class _Rows:
    """Byte positions of records, and which of them are blank or (`odd`, with their cells) not as wide as the header."""

    starts: Positions
    ends: Positions
    newlines: Positions
    blank: Positions
    odd: Positions
    odd_cells: Positions
    first_line: int

    def line(self, record: int) -> int:
        """Physical line on which a record starts."""
        return int(self.newlines.searchsorted(self.starts[record])) + self.first_line

    def finding(self, code: str, file_name: str, records: list[int]) -> Finding:
        """A finding about records, with their lines."""
        return Finding(code, file=file_name, count=len(records), lines=tuple(self.line(record) for record in records[:MOST_ROWS]))


def _read_header(record: bytes, shape: CsvShape, file_name: str) -> bool:
    """Read the header record into the shape; whether it can be used."""
    try:
        reader = csv.reader(io.StringIO(record.decode("utf-8"), newline=""), delimiter=shape.delimiter)
        shape.header = next(reader, [])
    except csv.Error:  # a cell beyond 128 KiB
        shape.findings.append(Finding("ROW004", file=file_name, line=shape.header_line))
        return False
    if _CONTROL.search(record.replace(b"\n", b"").replace(b"\t", b"")):
        about = "They stand in the header."
        shape.findings.append(Finding("CHR002", file=file_name, line=shape.header_line, about=about))
    if len(shape.header) > MAX_COLUMNS:
        shape.findings.append(Finding("HDR009", file=file_name, line=shape.header_line, count=len(shape.header)))
        return False
    return shape.is_readable


def _table(members: bytes) -> Mask:
    """For each byte whether it is one of these; quicker to look up in than to ask by value."""
    import numpy as np

    table = np.zeros(256, dtype=np.bool_)
    table[list(members)] = True
    return table


def _is_padded(view: Bytes, low: Positions, is_cell_end: Mask, is_outside: Mask | None) -> bool:
    """Whether a cell begins or ends with white space, quoted or not; `low` are all bytes of rows up to a space."""
    import numpy as np

    is_end = is_cell_end[low] | ((view[low] == ord("\n")) & (is_outside is None or is_outside[low]))
    blanks = low[_table(_WHITE)[view[low]] & ~is_end]
    last = len(view) - 1
    before, after = blanks - 1, np.minimum(blanks + 1, last)
    is_edge = (
        (view[before] == ord("\n")) | (view[after] == ord("\n")) | is_cell_end[before] | is_cell_end[after] | (blanks == last)
    )
    if is_outside is None:
        return bool(is_edge.any())
    # A doubled quote is text; one alone beside white space opened the cell or closes it.
    opens = (view[before] == ord('"')) & (view[blanks - 2] != ord('"'))
    closes = (view[after] == ord('"')) & ((blanks + 2 > last) | (view[np.minimum(blanks + 2, last)] != ord('"')))
    return bool(np.where(is_outside[blanks], is_edge, opens | closes).any())


def _blank_rows(text: bytes, view: Bytes, starts: Positions, ends: Positions, delimiter: str) -> Positions:
    """Records of nothing but delimiters, white space and quoted nothing. Only rows that begin and end so are looked at."""
    import numpy as np

    nothing = f' \t"{delimiter}'.encode()
    says_nothing = _table(nothing)
    lengths = ends - starts
    first = view[np.minimum(starts, len(view) - 1)]
    likely = (lengths == 0) | (says_nothing[first] & says_nothing[view[np.maximum(ends - 1, 0)]])
    likely[0] = False
    spans = zip(np.flatnonzero(likely).tolist(), starts[likely].tolist(), ends[likely].tolist(), strict=True)
    found = [record for record, start, end in spans if _is_blank(text[start:end], nothing, delimiter)]
    return np.array(found, dtype=np.intp)


def _is_blank(row: bytes, nothing: bytes, delimiter: str) -> bool:
    if row.translate(None, nothing):
        return False
    return b'"' not in row or not any(
        cell.strip() for cells in csv.reader(io.StringIO(row.decode(), newline=""), delimiter=delimiter) for cell in cells
    )


def _odd_rows(is_cell_end: Mask, starts: Positions, ends: Positions, width: int, blank: Positions) -> tuple[Positions, Positions]:
    """Records of another width than the header that are not blank, and the cells of each.

    Cells are counted record by record only when there is a record that does not fit (three times the cost of the rest).
    """
    import numpy as np

    cell_ends = np.flatnonzero(is_cell_end)
    filled = ends > starts
    if _is_even(cell_ends, starts[filled], ends[filled], width - 1):
        return np.array([], dtype=np.intp), np.array([], dtype=np.intp)
    cells = np.diff(np.searchsorted(cell_ends, np.append(starts, len(is_cell_end)))) + 1
    is_odd = cells != width
    is_odd[blank] = False
    odd = np.flatnonzero(is_odd)
    return odd, cells[odd]


def _is_even(cell_ends: Positions, starts: Positions, ends: Positions, share: int) -> bool:
    """Whether every record has as many cell ends: the total fits, and the first and last of each share lie within its record."""
    if len(cell_ends) != len(starts) * share:
        return False
    by_record = cell_ends.reshape(len(starts), share)
    return not share or bool((by_record[:, 0] >= starts).all() and (by_record[:, -1] < ends).all())


def _rows_with_controls(text: bytes, has_low: bool, rows: _Rows, shape: CsvShape, file_name: str) -> dict[int, str]:
    """Records that hold a NUL or another control character, which no export writes; too many reject the file."""
    import numpy as np

    if not has_low and b"\x7f" not in text and (text.isascii() or not _LATE_CONTROL.search(text)):
        return {}
    places = [match.start() for match in _CONTROL.finditer(text)]
    records = np.unique(np.searchsorted(rows.starts, places, side="right") - 1)
    found = [record for record in np.setdiff1d(records, rows.blank).tolist() if record]
    if not found:
        return {}
    shape.findings.append(rows.finding("CHR001", file_name, found))
    if len(found) > CONTROL_FLOOR and len(found) > CONTROL_SHARE * shape.records:
        shape.findings.append(Finding("CHR002", file=file_name, line=rows.line(found[0]), count=len(found)))
    return dict.fromkeys(found, "CHR001")


def _rows_beyond_caps(is_cell_end: Mask, rows: _Rows, shape: CsvShape, file_name: str) -> dict[int, str]:
    """Records with a cell beyond what is taken; a record beyond all measure rejects the file."""
    import numpy as np

    lengths = rows.ends - rows.starts
    found = []
    for record in np.flatnonzero(lengths > MAX_CELL).tolist():
        if lengths[record] > MAX_ROW:
            shape.findings.append(Finding("CAP002", file=file_name, line=rows.line(record)))
            return {}
        cells = np.flatnonzero(is_cell_end[rows.starts[record] : rows.ends[record]])
        if np.diff(np.concatenate(([-1], cells, [lengths[record]]))).max() > MAX_CELL + 1:
            found.append(record)
    if found and not found[0]:
        shape.findings.append(Finding("CAP002", file=file_name, line=shape.header_line))
    elif found:
        shape.findings.append(rows.finding("CAP001", file_name, found))
    return dict.fromkeys(found, "CAP001")


def _cleaned(text: bytes, shape: CsvShape, file_name: str, rows: _Rows, refused: dict[int, str]) -> bytes:
    """The text without what is set aside, with a finding for each kind of it."""
    wider: list[int] = []
    ragged: list[int] = []
    replacement: dict[int, bytes] = dict.fromkeys([*rows.blank.tolist(), *refused], b"")
    for record, cells in zip(rows.odd.tolist(), rows.odd_cells.tolist(), strict=True):
        if record in refused:
            continue
        row = text[rows.starts[record] : rows.ends[record]]
        taken = _without_extra(row, len(shape.header), shape.delimiter) if cells > len(shape.header) else None
        (ragged if taken is None else wider).append(record)
        replacement[record] = taken or b""
    refused = refused | dict.fromkeys(ragged, "ROW002")
    shape.set_aside = len(refused)
    for code, records in (("ROW001", wider), ("ROW002", ragged)):
        if records:
            shape.findings.append(rows.finding(code, file_name, records))
    if len(ragged) > RAGGED_FLOOR and len(ragged) > RAGGED_SHARE * shape.records:
        shape.findings.append(Finding("ROW003", file=file_name, line=rows.line(ragged[0]), count=len(ragged)))
        return text
    shape.set_aside_rows = [
        SetAsideRow(rows.line(record), refused[record], printable(text[rows.starts[record] : rows.ends[record]]))
        for record in sorted(refused)
    ]
    return _replaced(text, rows, replacement) if replacement else text


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


def _replaced(text: bytes, rows: _Rows, replacement: dict[int, bytes]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for record in sorted(replacement):
        pieces += [text[at : rows.starts[record]], replacement[record]]
        at = int(rows.ends[record]) + 1
    return b"".join([*pieces, text[at:]])


def _misplaced_quote(text: bytes, view: Bytes, quotes: Positions, delimiter: str) -> int | None:
    """Where the first quote stands that opens in the middle of a cell or is never closed; None when all are well placed."""
    import numpy as np

    if not len(quotes):
        return None
    is_neighbour = _table(f'{delimiter}\n"'.encode())
    opening, closing = quotes[::2], quotes[1::2]
    before = view[np.maximum(opening - 1, 0)]
    wrong = opening[(opening > 0) & ~is_neighbour[before]]
    following = view[np.minimum(closing + 1, len(text) - 1)]
    is_loose = (closing < len(text) - 1) & ~is_neighbour[following]
    # Named by the quote that opened: a quote that was never closed ends where some later cell's begins.
    loose = opening[: len(closing)][is_loose]
    candidates = [int(found[0]) for found in (wrong, loose) if len(found)]
    if len(quotes) % 2:
        candidates.append(int(quotes[-1]))
    return min(candidates) if candidates else None
