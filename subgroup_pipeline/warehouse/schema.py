"""Making the warehouse's own tables: those that are missing, and columns that a table of an earlier release lacks."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.control_tables import CONTROL_TABLES
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES, SET_ASIDE_ROW
from subgroup_pipeline.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.warehouse.table import Table

_VERSION = "control.table_version"
_GONE = ("control.check_family",)
"""Tables of earlier releases."""


def warehouse_tables() -> tuple[Table, ...]:
    """Every table of `raw.duckdb` that is not dbt's."""
    return (*RAW_TABLES.values(), SET_ASIDE_ROW, *CONTROL_TABLES)


def delivery_tables() -> list[Table]:
    """The tables whose rows leave with their delivery."""
    return [table for table in warehouse_tables() if table.kept == "delivery"]


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what the default catalog lacks; a file that has it all already is told by one look."""
    import duckdb

    statements, version = _statements()
    try:
        if connection.execute(f"from {_VERSION}").fetchall() == [(version,)]:
            return
    except duckdb.CatalogException:
        pass
    # Adding a column that may not be null is not possible, so one that an earlier release lacks may be null in old files.
    note = f"create or replace table {_VERSION} as select {literal(version)} as ddl_sha256"
    connection.execute(f"begin; {'; '.join((*statements, note))}; commit")


@cache
def _statements() -> tuple[list[str], str]:
    """The statements that make the tables, each of which may be repeated, and a hash of them."""
    statements = ["create schema if not exists raw", "create schema if not exists control"]
    statements += [f"drop table if exists {name}" for name in _GONE]
    for table in warehouse_tables():
        statements.append(f"create table if not exists {table} {table.definition}")
        statements += [
            f"alter table {table} add column if not exists {identifier(name)} {column.type}"
            for name, column in table.columns.items()
        ]
    return statements, hashlib.sha256("; ".join(statements).encode()).hexdigest()
