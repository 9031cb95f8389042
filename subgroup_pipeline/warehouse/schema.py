"""Making the pipeline's own tables: those that are missing, and columns that a table of an earlier release lacks."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.control_tables import CONTROL_TABLES
from subgroup_pipeline.warehouse.history_tables import HISTORY_TABLES
from subgroup_pipeline.warehouse.raw_tables import LANDED_TABLES, SET_ASIDE_ROW
from subgroup_pipeline.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from subgroup_pipeline.warehouse.table import Table

_VERSION = "control.table_version"
_HISTORY_VERSION = "history.main.table_version"
_GONE = ("control.check_family",)
"""Tables of earlier releases."""


def warehouse_tables() -> tuple[Table, ...]:
    """Every table of `raw.duckdb` that is not dbt's."""
    return (*LANDED_TABLES.values(), SET_ASIDE_ROW, *CONTROL_TABLES)


def delivery_tables() -> list[Table]:
    """The tables whose rows leave with their delivery."""
    return [table for table in warehouse_tables() if table.kept == "delivery"]


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what `warehouse` (the default catalog) and `history` lack; a file that has it all already is told by one look."""
    _make(connection, _VERSION, *_of_warehouse())
    _make(connection, _HISTORY_VERSION, *_of_history())


def _make(connection: duckdb.DuckDBPyConnection, note: str, statements: list[str], version: str) -> None:
    import duckdb

    try:
        if connection.execute(f"from {note}").fetchall() == [(version,)]:
            return
    except duckdb.CatalogException:
        pass
    # Adding a column that may not be null is not possible, so one that an earlier release lacks may be null in old files.
    written = f"create or replace table {note} as select {literal(version)} as ddl_sha256"
    connection.execute(f"begin; {'; '.join((*statements, written))}; commit")


@cache
def _of_warehouse() -> tuple[list[str], str]:
    before = ["create schema if not exists raw", "create schema if not exists control"]
    return _statements([*before, *(f"drop table if exists {name}" for name in _GONE)], warehouse_tables())


@cache
def _of_history() -> tuple[list[str], str]:
    return _statements([], HISTORY_TABLES)


def _statements(before: list[str], tables: Iterable[Table]) -> tuple[list[str], str]:
    """The statements that make the tables, each of which may be repeated, and a hash of them."""
    statements = before
    for table in tables:
        statements.append(f"create table if not exists {table} {table.definition}")
        statements += [
            f"alter table {table} add column if not exists {identifier(name)} {column.type}"
            for name, column in table.columns.items()
        ]
    return statements, hashlib.sha256("; ".join(statements).encode()).hexdigest()
