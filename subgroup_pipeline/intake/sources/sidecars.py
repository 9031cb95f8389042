"""Sidecar files: `<name>.sha256`, or `_manifest.csv` with row counts. What they say of a file proves that all of it came.

A sidecar is no data. It is fetched with the file it speaks of and cleared with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from subgroup_pipeline.intake.sources.file_server import RemoteEntry
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.registry.ledger import Proof, UploadedFile

CHECKSUM = ".sha256"
ROW_COUNTS = "_manifest.csv"
MAX_SIZE = 64 * 1024
_SHA256 = re.compile(rb"\b[0-9a-fA-F]{64}\b")


@dataclass(frozen=True)
class Promise:
    """What `entry` says of one file: its hash, or how many rows follow its header. One that cannot be read is never kept."""

    entry: RemoteEntry
    proof: Proof
    value: str

    def is_kept(self, file: UploadedFile, path: Path, readers: ReadingPool) -> bool:
        """Whether a fetched file is what was said."""
        if self.proof == "sha256":
            return file.sha256 == self.value
        return str(readers.count_rows(path)) == self.value


def is_sidecar(name: str) -> bool:
    """Whether a file speaks of others."""
    return name.casefold().endswith(CHECKSUM) or name.casefold() == ROW_COUNTS


def read_sidecar(entry: RemoteEntry, path: Path, readers: ReadingPool) -> dict[str, Promise]:
    """What a sidecar says, by the names of the files it speaks of, without capitals."""
    if entry.name.casefold() == ROW_COUNTS:
        return {name: Promise(entry, "row_count", count) for name, count in readers.said_row_counts(path).items()}
    found = _SHA256.search(path.read_bytes())
    said = found.group().decode().lower() if found else "unreadable"
    return {entry.name[: -len(CHECKSUM)].casefold(): Promise(entry, "sha256", said)}
