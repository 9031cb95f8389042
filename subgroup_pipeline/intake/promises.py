"""What a district says of a file beside it: `<name>.sha256`, or `_manifest.csv` with row counts. Proof that all of it came.

Such a file is no data. It is fetched with the file it speaks of and cleared with it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from subgroup_pipeline.intake.sftp import RemoteEntry
from subgroup_pipeline.reading.text_encoding import told_encoding
from subgroup_pipeline.registry.ledger import Proof, UploadedFile

CHECKSUM = ".sha256"
ROW_COUNTS = "_manifest.csv"
MAX_SIZE = 64 * 1024
_PIECE = 1024 * 1024
"""Characters of a line; a longer one is refused later and may count as two here."""
_MOST_LINES = 20_000_000
"""More than any file of a district has; what goes on after so many (line ends without end) is not counted, and not proved."""
_SHA256 = re.compile(rb"\b[0-9a-fA-F]{64}\b")


@dataclass(frozen=True)
class Promise:
    """What `entry` says of one file: its hash, or how many rows follow its header. One that cannot be read is never kept."""

    entry: RemoteEntry
    proof: Proof
    value: str

    def is_kept(self, file: UploadedFile, path: Path) -> bool:
        """Whether a fetched file is what was said."""
        if self.proof == "sha256":
            return file.sha256 == self.value
        return str(_count_rows(path)) == self.value


def is_promise(name: str) -> bool:
    """Whether a file is one that speaks of others."""
    return name.casefold().endswith(CHECKSUM) or name.casefold() == ROW_COUNTS


def read_promises(entry: RemoteEntry, data: bytes) -> dict[str, Promise]:
    """What one such file says, by the names of the files it speaks of, without capitals."""
    if entry.name.casefold() != ROW_COUNTS:
        found = _SHA256.search(data)
        said = found.group().decode().lower() if found else "unreadable"
        return {entry.name[: -len(CHECKSUM)].casefold(): Promise(entry, "sha256", said)}
    rows = csv.reader(data.decode("utf-8-sig", "replace").splitlines())
    try:
        cells = [(row[0].strip().casefold(), row[1].strip()) for row in rows if len(row) > 1]
        named = {name: count for name, count in cells if name != "file"}
    except csv.Error:
        return {}
    return {name: Promise(entry, "row_count", count) for name, count in named.items()}


def _count_rows(path: Path) -> int:
    """Rows after the header that are not empty; -1 for what cannot be read. Holds a piece of a line at a time, whatever comes."""
    with path.open("rb") as file:
        encoding = told_encoding(file.read(4096))
    try:
        # What a letter is does not matter here, only delimiters, quotes and line ends: Latin-1 reads these in UTF-8 too.
        with path.open(encoding=encoding if encoding.startswith("utf-16") else "latin-1", newline="") as text:
            pieces = islice(iter(lambda: text.readline(_PIECE), ""), _MOST_LINES)
            rows = sum(1 for row in csv.reader(pieces) if any(cell.strip(" \t\ufeff") for cell in row))
            return -1 if text.read(1) else rows - 1
    except (UnicodeError, csv.Error):
        return -1
