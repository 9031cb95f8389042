"""The lines of a OneRoster manifest.csv: intake needs them to know when a set is complete, landing to know what it is."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from subgroup_pipeline.reading.text_encoding import UndecodableError, decode_text

MAX_SIZE = 64 * 1024
"""Bytes; a manifest has twenty lines. A larger one is never read: lines without end would keep a night busy."""
HEADER = ("propertyname", "value")
_HEADER_WITHIN = 10
"""Lines in which the header is looked for: programs put `sep=,` or a title before it."""


@dataclass(frozen=True)
class ManifestLine:
    """One property, trimmed, with the line it stands on (header = 1); `is_padded` when there was something to trim."""

    name: str
    value: str
    line: int
    is_padded: bool = False

    @property
    def key(self) -> str:
        """The name as it is compared: capitals do not count."""
        return self.name.casefold()

    @property
    def mode(self) -> str:
        """The value as it is compared."""
        return self.value.casefold()


def read_manifest(path: Path) -> list[ManifestLine]:
    """The properties of a manifest from its header on; none of one that is larger than any manifest (`MAX_SIZE`)."""
    return [] if path.stat().st_size > MAX_SIZE else manifest_lines(path.read_bytes())


def manifest_lines(data: bytes) -> list[ManifestLine]:
    """The properties, trimmed. Whatever cannot be read is left out: a bad manifest is no reason to stop."""
    try:
        text = decode_text(data).text.decode("utf-8")
    except UndecodableError:
        text = data.decode("utf-8-sig", errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    folded = [line.replace('"', "").strip().casefold() for line in lines[:_HEADER_WITHIN]]
    delimiter = next((d for d in ";\t|" if any(line.startswith(d.join(HEADER)) for line in folded)), ",")
    reader = csv.reader(lines, delimiter=delimiter)
    found: list[ManifestLine] = []
    with suppress(csv.Error):
        # What was read before a fault stays: extend takes one at a time.
        found.extend(_line(row, reader.line_num) for row in reader if len(row) > 1)
    header = next((n for n, line in enumerate(found) if (line.key, line.mode) == HEADER and line.line <= _HEADER_WITHIN), 0)
    return found[header:]


def _line(row: list[str], line: int) -> ManifestLine:
    name, value = row[0].strip(), row[1].strip()
    return ManifestLine(name, value, line, is_padded=(name, value) != (row[0], row[1]))


def announced_files(manifest: list[ManifestLine]) -> dict[str, str]:
    """Mode of every kind of file (`bulk`, `delta`, `absent`), by its OneRoster kind (`users`), both without capitals."""
    return {line.key[5:]: line.mode for line in manifest if line.key.startswith("file.")}
