"""The schema `raw`: a table per file that is landed, all of its cells as text, and the rows that screening set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.oneroster import roster_tables
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from subgroup_pipeline.reading.roster_files import Edition
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.warehouse.oneroster import RosterTable

_OF_A_ROW = {
    "district_id": Column("varchar", "Key of the district, from its login; never from file content.", required=True),
    "delivery_id": Column("varchar", "The delivery that it came with, or that took it over from the one before.", required=True),
    "file_name": Column("varchar", "Name of the file.", required=True),
}
_LINEAGE = _OF_A_ROW | {"landed_at": Column("timestamp", "When it was loaded (UTC).", required=True)}
LINEAGE = tuple(_LINEAGE)
"""The columns that every table of landed rows begins with."""
_MAP = "map(varchar, varchar)"


@dataclass(frozen=True, eq=False)
class RawTable(Table):
    """A table of landed rows.

    `key_column` holds the id by which a row is known in its file, `map_column` the cells that are kept by the canonical name
    of their header. `has_subgroups`: the settings of a district may read subgroups from it. `file_name` is the file's name in
    the package; a subgroup file has whatever name the district gives it.
    """

    feed: Feed = field(kw_only=True)
    key_column: str = field(kw_only=True)
    map_column: str = field(kw_only=True)
    has_subgroups: bool = field(kw_only=True, default=False)
    file_name: str = field(kw_only=True, default="")


SUBGROUP_ROW = RawTable(
    "raw",
    "subgroup_row",
    "Subgroup files, one row per line.",
    _LINEAGE
    | {
        "student_id": Column("varchar", "The student's id, in the column that the settings name."),
        "cells": Column(_MAP, "Cells of the columns that the settings name, by canonical header."),
    },
    "delivery",
    feed="subgroups",
    key_column="student_id",
    map_column="cells",
    has_subgroups=True,
)

SET_ASIDE_ROW = Table(
    "raw",
    "set_aside_row",
    "Rows that screening did not land, each with its reason.",
    _OF_A_ROW
    | {
        "line": Column("integer", "Physical line in the file; the header of most files is line 1.", required=True),
        "code": Column("varchar", "Why: a code of docs/error-codes.md.", required=True),
        "text": Column(
            "varchar",
            "The beginning of the line; null where the file has columns that are never landed and the row's cells cannot be told "
            "apart.",
        ),
    },
    "delivery",
)


def _of_roster(file: RosterTable, edition: Edition = "1.1") -> RawTable:
    columns = {name: Column("varchar", file.meanings[name]) for name in file.landed_columns}
    metadata = Column(_MAP, "Cells of the columns `metadata.<name>` that the settings name, by canonical name.")
    left_out = [name for name in file.columns if name not in columns]
    return RawTable(
        "raw",
        file.name,
        f"{file.file_name} of OneRoster {edition}" + (f", without {', '.join(left_out)}." if left_out else "."),
        _LINEAGE | columns | {"metadata": metadata},
        "delivery",
        feed="roster",
        key_column="sourcedId",
        map_column="metadata",
        has_subgroups=file.kind in ("users", "demographics"),
        file_name=file.file_name,
    )


RAW_TABLES = {table.name: table for table in (*map(_of_roster, roster_tables().values()), SUBGROUP_ROW)}
"""The tables of landed rows by name: the files of OneRoster 1.1, parents before children, and the subgroup files."""

ROLES = _of_roster(roster_tables("1.2")["roles"], "1.2")
"""Who has which role where, which OneRoster 1.2 no longer says in users.csv: landing writes it into `users` for all to read."""

LANDED_TABLES = RAW_TABLES | {ROLES.name: ROLES}
"""Every table that landing fills."""


def tables_of(feed: Feed) -> list[RawTable]:
    """The tables that deliveries of a feed are landed in."""
    return [table for table in RAW_TABLES.values() if table.feed == feed]
