"""Rows of the warehouse's tables: how they go in, and how those of deliveries leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.warehouse.schema import delivery_tables
from subgroup_pipeline.warehouse.sql_text import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from subgroup_pipeline.warehouse.table import Table


def insert_rows(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows given as mappings of column to value; what a row does not have is null. One statement, whatever the number.

    Dates and times may be given as such; a time is UTC without a zone, as DuckDB's TIMESTAMP is. Raises KeyError for a column
    that the table does not have, which DuckDB would leave out in silence.
    """
    if unknown := set().union(*rows) - set(table.columns):
        raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
    if rows:
        names = ", ".join(map(identifier, table.columns))
        types = {name: column.type for name, column in table.columns.items()}
        connection.execute(
            f"insert into {table} ({names}) select {names} from (select unnest(from_json(?, ?), recursive := true))",
            [json.dumps(list(rows), default=str), json.dumps([types])],
        )


def replace_ids(connection: duckdb.DuckDBPyConnection, table: Table, gone: Iterable[str], new: Iterable[str]) -> None:
    """Take delivery ids out of a control table that lists them, and put others in."""
    connection.execute(f"delete from {table} where delivery_id in (select unnest(?))", [list(gone)])
    insert_rows(connection, table, [{"delivery_id": delivery_id} for delivery_id in new])


def delete_deliveries(connection: duckdb.DuckDBPyConnection, delivery_ids: Iterable[str]) -> None:
    """Remove the raw rows of deliveries and the note that they are there, so that landing them is safe to repeat.

    One transaction: a note without its rows would let a delivery that becomes live again be published empty.
    """
    ids = list(delivery_ids)
    if ids:
        connection.execute("begin")
        for table in delivery_tables():
            connection.execute(f"delete from {table} where delivery_id in (select unnest(?))", [ids])
        connection.execute("commit")
