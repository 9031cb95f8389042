"""The lines of a OneRoster manifest.csv: intake needs them to know when a set is complete, landing to know what it is."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from subgroup_pipeline.intake.text_encoding import UndecodableError, decode_text


@dataclass(frozen=True)
class ManifestLine:
    """One property, with the line it stands on (header = 1)."""

    name: str
    value: str
    line: int


def read_manifest(data: bytes) -> list[ManifestLine]:
    """The properties of a manifest, trimmed. Whatever cannot be read is left out: a bad manifest is no reason to stop."""
    try:
        text = decode_text(data).text.decode("utf-8")
    except UndecodableError:
        text = data.decode("utf-8-sig", errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    delimiter = next((d for d in ";\t|" if any(line.replace('"', "").startswith(f"propertyName{d}value") for line in lines)), ",")
    reader = csv.reader(lines, delimiter=delimiter)
    found: list[ManifestLine] = []
    try:
        # What was read before a fault stays: extend takes one at a time.
        found.extend(ManifestLine(row[0].strip(), row[1].strip(), reader.line_num) for row in reader if len(row) > 1)
    except csv.Error:
        return found
    return found


def announced_files(manifest: list[ManifestLine]) -> dict[str, str]:
    """Mode of every kind of file (`bulk`, `delta`, `absent`), by its OneRoster kind (`users`)."""
    return {line.name[5:]: line.value for line in manifest if line.name.startswith("file.")}
