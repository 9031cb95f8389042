"""The records of a CSV text by byte positions: where each begins and ends, which are blank or not as wide as the header."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import MOST_ROWS, Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Mask = NDArray[np.bool_]
    Bytes = NDArray[np.uint8]


_WHITE = b"\t\x0b\x0c\r\x1c\x1d\x1e\x1f "


@dataclass(frozen=True)
class Records:
    """Records of a text that begins with its header, record 0; `odd` ones, with their `odd_cells`, have another width than it."""

    text: bytes
    is_cell_end: Mask
    starts: Positions
    ends: Positions
    newlines: Positions
    blank: Positions
    odd: Positions
    odd_cells: Positions
    first_line: int

    def raw(self, record: int) -> bytes:
        """A record's text, without what ends it."""
        return self.text[self.starts[record] : self.ends[record]]

    def cells(self, record: int) -> list[bytes]:
        """A record's cells as they are written, quotes and all."""
        start, end = int(self.starts[record]), int(self.ends[record])
        cuts = (self.is_cell_end[start:end].nonzero()[0] + start).tolist()
        return [self.text[begin + 1 : cut] for begin, cut in zip([start - 1, *cuts], [*cuts, end], strict=True)]

    def at(self, place: int) -> int:
        """The record that a byte belongs to."""
        return int(self.starts.searchsorted(place, side="right")) - 1

    def at_all(self, *places: Positions | list[int]) -> list[int]:
        """The records that any of these bytes belong to, in order, without the header and blank ones."""
        import numpy as np

        records = np.unique(
            self.starts.searchsorted(np.concatenate([np.asarray(p, dtype=np.intp) for p in places]), side="right") - 1
        )
        kept: list[int] = np.setdiff1d(records, np.append(self.blank, 0)).tolist()
        return kept

    def line(self, record: int) -> int:
        """Physical line on which a record starts."""
        return int(self.newlines.searchsorted(self.starts[record])) + self.first_line

    def finding(self, code: str, file_name: str, records: list[int]) -> Finding:
        """A finding about records, with their lines."""
        return Finding(code, file=file_name, count=len(records), lines=tuple(self.line(record) for record in records[:MOST_ROWS]))


@dataclass(frozen=True)
class Ends:
    """Where cells and records end, as quotes allow; `low` are all bytes up to a space, `is_outside` is None without quotes."""

    is_cell_end: Mask
    starts: Positions
    ends: Positions
    newlines: Positions
    low: Positions
    low_bytes: Bytes
    is_outside: Mask | None


def quote_positions(text: bytes) -> Positions:
    """Where quotation marks stand."""
    import numpy as np

    if b'"' not in text:
        return np.array([], dtype=np.intp)
    return np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord('"'))


def find_ends(text: bytes, quotes: Positions, delimiter: str) -> Ends:
    """The ends in a text whose quotes are all well placed."""
    import numpy as np

    view = np.frombuffer(text, dtype=np.uint8)
    is_cell_end = view == ord(delimiter)
    low = np.flatnonzero(view <= ord(" "))
    low_bytes = view[low]
    newlines = ends = low[low_bytes == ord("\n")]
    is_outside = None
    if len(quotes):
        stretches = np.diff(np.concatenate(([0], quotes, [len(view)])))
        is_outside = np.repeat(np.arange(len(stretches)) % 2 == 0, stretches)
        is_cell_end &= is_outside
        ends = newlines[is_outside[newlines]]
    if not text.endswith(b"\n") or not len(ends):
        ends = np.append(ends, len(text))
    return Ends(is_cell_end, np.concatenate(([0], ends[:-1] + 1)), ends, newlines, low, low_bytes, is_outside)


def has_misplaced_quotes(text: bytes, quotes: Positions, delimiter: str) -> bool:
    """Whether a quote opens in the middle of a cell, closes there, or is never closed."""
    import numpy as np

    if len(quotes) % 2:
        return True
    view = np.frombuffer(text, dtype=np.uint8)
    is_neighbour = _table(f'{delimiter}\n"'.encode())
    # A quote that is the first or the last byte has no neighbour there.
    opening = quotes[2::2] if quotes[0] == 0 else quotes[::2]
    closing = quotes[1:-1:2] if quotes[-1] == len(text) - 1 else quotes[1::2]
    return not (is_neighbour[view[opening - 1]].all() and is_neighbour[view[closing + 1]].all())


def padded_places(text: bytes, found: Ends) -> Positions:
    """Positions of ASCII white space at the beginning or end of a cell below the header, quoted or not."""
    import numpy as np

    in_cells = len(found.newlines) - len(found.ends) + (not text.endswith(b"\n"))
    if not in_cells and len(found.low) == len(found.newlines):  # nothing but line ends
        return found.low[:0]
    view = np.frombuffer(text, dtype=np.uint8)
    is_cell_end, is_outside = found.is_cell_end, found.is_outside
    is_white = _table(_WHITE)[found.low_bytes]
    if is_outside is not None and in_cells:
        is_white |= (found.low_bytes == ord("\n")) & ~is_outside[found.low]
    blanks = found.low[is_white]
    blanks = blanks[(blanks > found.ends[0]) & ~is_cell_end[blanks]]
    last = len(view) - 1
    before, after = blanks - 1, np.minimum(blanks + 1, last)
    is_edge = (
        (view[before] == ord("\n")) | (view[after] == ord("\n")) | is_cell_end[before] | is_cell_end[after] | (blanks == last)
    )
    if is_outside is None:
        at_edge: Positions = blanks[is_edge]
        return at_edge
    # A doubled quote is text; one alone beside white space opened the cell or closes it.
    opens = (view[before] == ord('"')) & (view[blanks - 2] != ord('"'))
    closes = (view[after] == ord('"')) & ((blanks + 2 > last) | (view[np.minimum(blanks + 2, last)] != ord('"')))
    padded: Positions = blanks[np.where(is_outside[blanks], is_edge, opens | closes)]
    return padded


def blank_records(text: bytes, starts: Positions, ends: Positions, delimiter: str) -> Positions:
    """Records of nothing but delimiters, white space and quoted nothing. Only rows that begin and end so are looked at."""
    import numpy as np

    view = np.frombuffer(text, dtype=np.uint8)
    nothing = f' \t\n"{delimiter}'.encode()
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


def odd_records(
    is_cell_end: Mask, starts: Positions, ends: Positions, width: int, blank: Positions
) -> tuple[Positions, Positions]:
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


def _table(members: bytes) -> Mask:
    """For each byte whether it is one of these; quicker to look up in than to ask by value."""
    import numpy as np

    table = np.zeros(256, dtype=np.bool_)
    table[list(members)] = True
    return table
