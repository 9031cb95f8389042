"""How many rows a file has, and how many a district says it has, in `_manifest.csv`."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

from subgroup_pipeline.reading.text_encoding import told_encoding

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 20_000_000
"""More than any file of a district has; what goes on after so many (line ends without end) is not counted, and not proved."""
_PIECE = 1024 * 1024
"""Characters of a line; a longer one is refused later and may count as two here."""


def said_row_counts(path: Path) -> dict[str, str]:
    """What a `_manifest.csv` says: how many rows follow the header, as it is written there, by file name without capitals."""
    rows = csv.reader(path.read_bytes().decode("utf-8-sig", "replace").splitlines())
    try:
        cells = [(row[0].strip().casefold(), row[1].strip()) for row in rows if len(row) > 1]
    except csv.Error:
        return {}
    return {name: count for name, count in cells if name != "file"}


def count_rows(path: Path, most_lines: int = MOST_LINES) -> int:
    """Rows after the header that are not empty; -1 for what cannot be read. Holds a piece of a line at a time, whatever comes."""
    with path.open("rb") as file:
        encoding = told_encoding(file.read(4096))
    try:
        # What a letter is does not matter here, only delimiters, quotes and line ends: Latin-1 reads these in UTF-8 too.
        with path.open(encoding=encoding if encoding.startswith("utf-16") else "latin-1", newline="") as text:
            pieces = islice(iter(lambda: text.readline(_PIECE), ""), most_lines)
            rows = sum(1 for row in csv.reader(pieces) if any(cell.strip(" \t\ufeff") for cell in row))
            return -1 if text.read(1) else rows - 1
    except (UnicodeError, csv.Error):
        return -1
