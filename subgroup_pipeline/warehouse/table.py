"""What a table is, said once: its columns with types and meanings, and how long its rows stay.

DDL, inserts, dbt's sources, comments, test fixtures and the data dictionary are all made from such a description.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from subgroup_pipeline.warehouse.sql_text import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

Kept = Literal["delivery", "verdict", "district", "run", "history"]
"""How long rows stay: as long as their delivery's rows are in `raw`, until their delivery is judged again, as long as their
district is built, until the next run writes the table anew, or for good: as long as the district is ours."""


@dataclass(frozen=True)
class Column:
    """A column: its type in DuckDB, what it means to who reads it, and whether every row has a value."""

    type: str
    meaning: str
    required: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the warehouse, of what is published, or of one session. As text it is its name in SQL: `control.build`."""

    schema: str
    name: str
    meaning: str
    columns: Mapping[str, Column]
    kept: Kept = "run"
    database: str = ""
    """Its catalog, where that is not the connection's own."""

    def __str__(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)

    @property
    def definition(self) -> str:
        """Its columns as `create table` wants them, in brackets."""
        return f"({', '.join(self.column_definition(name) for name in self.columns)})"

    def column_definition(self, name: str) -> str:
        """One column as `create table` wants it."""
        column = self.columns[name]
        return f"{identifier(name)} {column.type}{' not null' if column.required else ''}"
