"""The header of a file of which nothing is known yet: the line that names usual columns, else the first of the usual width."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import canonical, squeezed
from subgroup_pipeline.reading.delimiter import DELIMITERS
from subgroup_pipeline.reading.file_kind import file_kind
from subgroup_pipeline.reading.heading import FIRST_LINES
from subgroup_pipeline.reading.text_encoding import told_encoding

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_BEGIN = 256 * 1024
_ROWS = 200
_ENOUGH = 2
"""With so many usual names a line is a header, as in `heading`."""


def likely_header(path: Path, usual: Collection[str]) -> list[str]:
    """The names in the header of a file, in the form in which they are compared; `usual` are squeezed names.

    Empty for a file that is no text. What is given tells `read_shape` the delimiter and the line.
    """
    with path.open("rb") as file:
        data = file.read(_BEGIN)
    if file_kind(data):
        return []
    text = data.decode(told_encoding(data), "ignore").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    rows = {delimiter: _rows(text, delimiter) for delimiter in DELIMITERS}
    firsts = [row for of_one in rows.values() for row in of_one[:FIRST_LINES]]
    named = max(firsts, key=lambda row: sum(squeezed(cell) in usual for cell in row), default=[])
    is_named = sum(squeezed(cell) in usual for cell in named) >= _ENOUGH
    return [canonical(name) for name in (named if is_named else _widest(rows.values()))]


def _widest(rows: Collection[list[list[str]]]) -> list[str]:
    """The first row of the width that most rows have, under the delimiter that makes the most cells of them."""
    best: tuple[int, list[str]] = (0, [])
    for of_one in rows:
        widths = Counter(map(len, of_one))
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if 2 * count > len(of_one) and width > best[0]:
            best = (width, next(row for row in of_one if len(row) == width))
    return best[1]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """The first rows that say something; none where the text is not CSV under this delimiter."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [row for row in islice(reader, _ROWS) if any(cell.strip() for cell in row)]
        return [row for row in rows if not row[0].casefold().startswith("sep=")]  # a line for Excel
    except csv.Error:
        return []
