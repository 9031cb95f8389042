"""Taking rows out of a DuckDB file so that nothing of them is left: the file is written anew beside, without its freed blocks."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.disk import PART, sync_to_disk
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.sql_text import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class Gone:
    """Rows of a table that go, by a condition on its columns and what that binds. `change` is set in place of removing them."""

    table: str
    condition: str
    values: tuple[Any, ...]
    change: str = ""


def count_rows(settings: Settings, file: Path, find: Callable[[duckdb.DuckDBPyConnection, str], Sequence[Gone]]) -> int:
    """How many rows of a file would go; none where there is no file."""
    if not file.exists():
        return 0
    with open_files(settings, read={"kept": file}) as connection:
        return sum(_count(connection, "kept", gone) for gone in find(connection, "kept"))


def forget_rows(
    settings: Settings, file: Path, catalog: str, find: Callable[[duckdb.DuckDBPyConnection, str], Sequence[Gone]]
) -> None:
    """Write a file anew without some rows. `catalog` is the name by which its views know it. A kill leaves the file as it was.

    The caller holds the warehouse. Who reads the old file reads on in it until they close it.
    """
    copy, fresh = (settings.paths.warehouse / f".forgetting-{name}{PART}" for name in ("copy", "fresh"))
    _remove(copy, fresh)
    try:
        if file.with_name(f"{file.name}.wal").exists():  # of a killed run: closing the file writes its log into it
            with open_files(settings, write={catalog: file}):
                pass
        shutil.copyfile(file, copy)
        with open_files(settings, write={"working": copy, catalog: fresh}) as connection:
            for gone in find(connection, "working"):
                what = f"update working.{gone.table} set {gone.change}" if gone.change else f"delete from working.{gone.table}"
                connection.execute(f"{what} where {gone.condition}", list(gone.values))
            connection.execute(f"copy from database working to {catalog}")
        fresh.chmod(file.stat().st_mode)
        sync_to_disk(fresh)
        fresh.replace(file)
        sync_to_disk(file.parent)
    finally:
        _remove(copy, fresh)


def read_rows(
    settings: Settings, file: Path, find: Callable[[duckdb.DuckDBPyConnection, str], Sequence[Gone]]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of a file that would go, by table, each by column; none where there is no file."""
    if not file.exists():
        return {}
    rows: dict[str, list[dict[str, Any]]] = {}
    with open_files(settings, read={"kept": file}) as connection:
        for gone in find(connection, "kept"):
            asked = connection.execute(f"select * from kept.{gone.table} where {gone.condition}", list(gone.values))
            columns = [column[0] for column in asked.description]
            if found := [dict(zip(columns, row, strict=True)) for row in asked.fetchall()]:
                rows.setdefault(gone.table.replace('"', ""), []).extend(found)
    return rows


def rows_of_district(district_id: str) -> Callable[[duckdb.DuckDBPyConnection, str], Sequence[Gone]]:
    """Every row of one district, in whatever table says whose its rows are."""

    def find(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Gone]:
        return [Gone(table, "district_id = ?", (district_id,)) for table in tables_with(connection, catalog, "district_id")]

    return find


def tables_with(connection: duckdb.DuckDBPyConnection, catalog: str, *columns: str) -> list[str]:
    """The tables of a catalog that have all of these columns."""
    query = (
        "select t.schema_name, t.table_name from duckdb_tables() t join duckdb_columns() c using (database_oid, table_oid) "
        "where t.database_name = ? and c.column_name in (select unnest(?)) "
        "group by all having count(*) = ? order by all"
    )
    found = connection.execute(query, [catalog, list(columns), len(columns)]).fetchall()
    return [f"{identifier(schema)}.{identifier(name)}" for schema, name in found]


def _count(connection: duckdb.DuckDBPyConnection, catalog: str, gone: Gone) -> int:
    query = f"select count(*) from {catalog}.{gone.table} where {gone.condition}"
    row = connection.execute(query, list(gone.values)).fetchone()
    return row[0] if row else 0


def _remove(*files: Path) -> None:
    for file in files:
        for suffix in ("", ".wal"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
