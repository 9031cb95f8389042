"""The edition of a roster that has no manifest: OneRoster 1.0 had none, and its columns have other names than those of 1.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.warehouse.oneroster import RosterTable, roster_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.reading.roster_files import Edition


def edition_of_headers(files: Mapping[str, Path], readers: ReadingPool) -> Edition:
    """1.0 where a header has a column under its name in 1.0 and not under that in 1.1; 1.2 where roles stand in roles.csv alone.

    Whatever proves neither is 1.1.
    """
    for table in roster_tables("1.0").values():
        if table.called and table.file_name in files:
            names = _header(readers, files[table.file_name], table)
            if any(canonical(name) in names and canonical(column) not in names for column, name in table.called.items()):
                return "1.0"
    users = roster_tables()["users"]
    if {"roles.csv", users.file_name} <= files.keys() and "role" not in _header(readers, files[users.file_name], users):
        return "1.2"
    return "1.1"


def _header(readers: ReadingPool, path: Path, table: RosterTable) -> set[str]:
    """The first line of a file that has names of its columns; empty where there is none."""
    known = {canonical(name) for column in table.columns for name in table.names_of(column)}
    return next((names for line in readers.first_lines(path, known) if len((names := set(line)) & known) > 1), set())
