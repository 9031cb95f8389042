"""One store a district in every snapshot, for the portal: a district's process opens its own file and can see no other.

A store of a district that did not change is the file of the snapshot before, under a second name (a hard link).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.archive import hash_of
from subgroup_pipeline.publish.manifest import DATABASE
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.sql_text import literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.publish.manifest import Manifest
    from subgroup_pipeline.settings import Settings

DIRECTORY = "districts"
_SMALL_BLOCKS = 16384
"""Bytes; a store of a small district takes a third of the space that it takes with DuckDB's default blocks."""


def make_district_stores(settings: Settings, building: Path, draft: Manifest, before: Manifest | None) -> dict[str, str]:
    """Make the stores of a snapshot that is being built, of every district that it holds; gives their sha256 by path in it.

    A store that did not change keeps the hash that the snapshot before gives it.
    """
    stores = building / DIRECTORY
    stores.mkdir(mode=0o700)
    last = settings.paths.published / before.snapshot if before else None
    is_same_contract = before is not None and before.contract_version == draft.contract_version
    hashes: dict[str, str] = {}
    changed = []
    for district_id, district in draft.districts.items():
        name = f"{DIRECTORY}/{district_id}.duckdb"
        is_same = is_same_contract and before is not None and before.districts.get(district_id) == district
        if is_same and before is not None and last is not None and (last / name).is_file():
            os.link(last / name, building / name)
            hashes[name] = before.files.get(name) or hash_of(building / name)
        else:
            changed.append(district_id)
    if changed:
        _write_stores(settings, building / DATABASE, stores, changed)
    return hashes | {name: hash_of(building / name) for name in (f"{DIRECTORY}/{district_id}.duckdb" for district_id in changed)}


def _write_stores(settings: Settings, source: Path, stores: Path, district_ids: list[str]) -> None:
    with open_files(settings, read={"source": source}) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'source' order by all"
        ).fetchall()
        for district_id in district_ids:
            _write_store(connection, stores / f"{district_id}.duckdb", district_id, tables)


def _write_store(connection: duckdb.DuckDBPyConnection, path: Path, district_id: str, tables: list[tuple[str, str]]) -> None:
    """Write one district's rows of every table; a district id is safe in SQL (`^[a-z0-9][a-z0-9_]+$`)."""
    connection.execute(f"attach {literal(path)} as store (block_size {_SMALL_BLOCKS})")
    for schema in sorted({schema for schema, _ in tables}):
        connection.execute(f"create schema store.{schema}")
    for schema, table in tables:
        query = f"select * from source.{schema}.{table} where district_id = '{district_id}'"
        connection.execute(f"create table store.{schema}.{table} as {query}")
    connection.execute("detach store")
