"""The manifest of a made-up roster, as every maker of districts writes it."""

from __future__ import annotations

from collections.abc import Collection

from subgroup_pipeline.reading.roster_files import KINDS


def manifest_rows(present: Collection[str], *, system: str = "") -> list[list[str]]:
    """Rows of manifest.csv, header first, in which these kinds are bulk and all others absent (OneRoster 1.1 CSV binding)."""
    rows = [["propertyName", "value"], ["manifest.version", "1.0"], ["oneroster.version", "1.1"]]
    if system:
        rows.append(["source.systemName", system])
    return rows + [[f"file.{kind}", "bulk" if kind in present else "absent"] for kind in KINDS]
