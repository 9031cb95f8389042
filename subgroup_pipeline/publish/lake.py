"""The lake of a snapshot: every published table as Parquet, one folder per district, for the portal and for any tool.

`lake/<table>/district_id=<id>/data.parquet` is the layout that Hive, Spark, pandas, Polars and DuckDB know: the folder says
which district it is, and the file does not repeat it. The files of a district that did not change are those of the snapshot
before, under a second name (hard links). docs/decisions/0018-a-lake-per-snapshot.md says what else was measured.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.intake.archive import hash_of
from subgroup_pipeline.publish.manifest import DATABASE
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.sql_text import literal, literals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.publish.manifest import Manifest
    from subgroup_pipeline.settings import Settings

DIRECTORY = "lake"
SCHEMAS = ("marts", "quality")
"""What of the staff file is in the lake."""
FILE_NAME = "data.parquet"
AT_A_TIME = 100
"""Districts that one scan of a table writes. DuckDB keeps as many files open; with more it closes some and begins second ones."""
# A file is of one district and mostly one group of rows, which no Bloom filter leaves out; zstd's first level packs it as well.
_OPTIONS = "format parquet, compression zstd, compression_level 1, write_bloom_filter false"
_TABLES = """
    select schema_name, table_name, '' from duckdb_tables()
    where database_name = 'source' and list_contains($schemas, schema_name)
    union all
    select schema_name, view_name, sql from duckdb_views()
    where database_name = 'source' and list_contains($schemas, schema_name)
    order by all
"""


def file_of(snapshot: Path, table: str, district_id: str, directory: str = DIRECTORY) -> Path:
    """Where a snapshot holds a district's rows of a table."""
    return snapshot / directory / table / f"district_id={district_id}" / FILE_NAME


def tables_of(snapshot: Path, directory: str = DIRECTORY) -> list[str]:
    """The tables in the lake of a snapshot, by name; none in a snapshot of an earlier release."""
    return sorted(path.name for path in (snapshot / directory).glob("*/"))


@stage("lake")
def make_lake(settings: Settings, building: Path, draft: Manifest, before: Manifest | None) -> dict[str, str]:
    """Make the lake of a snapshot that is being built; gives a hash of each district's files.

    A district that did not change keeps the hash that the snapshot before gives it.
    """
    with open_files(settings, read={"source": building / DATABASE}) as connection:
        tables = [f"{schema}.{name}" for schema, name in open_source(connection, SCHEMAS)]
        names = sorted(table.partition(".")[2] for table in tables)
        for name in names:
            (building / DIRECTORY / name).mkdir(mode=0o700, parents=True)
        kept = _link_unchanged(settings, building, draft, before, names)
        changed = [district_id for district_id in draft.districts if district_id not in kept]
        for first in range(0, len(changed), AT_A_TIME):
            some = changed[first : first + AT_A_TIME]
            narrow(connection, some)
            for table in tables:
                write_table(connection, table, building / DIRECTORY / table.partition(".")[2], some)
    return dict(sorted((kept | {district_id: district_hash(building, district_id) for district_id in changed}).items()))


def districts_of(snapshot: Path, directory: str = DIRECTORY) -> set[str]:
    """The districts that have a folder in the lake of a snapshot."""
    tables = tables_of(snapshot, directory)
    folders = (folder for table in tables for folder in (snapshot / directory / table).glob("district_id=*/"))
    return {folder.name.removeprefix("district_id=") for folder in folders}


def district_hash(
    snapshot: Path, district_id: str, hash_file: Callable[[Path], str] = hash_of, directory: str = DIRECTORY
) -> str:
    """The sha256 over the names of a district's files in the lake of a snapshot, and the hash of each."""
    found = hashlib.sha256()
    for table in tables_of(snapshot, directory):
        folder = file_of(snapshot, table, district_id, directory).parent
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            found.update(f"{table}/{file.name} {hash_file(file)}\n".encode())
    return found.hexdigest()


def _link_unchanged(
    settings: Settings, building: Path, draft: Manifest, before: Manifest | None, tables: Sequence[str]
) -> dict[str, str]:
    """Take over the files of districts that stand as in the snapshot before; gives their hashes."""
    if before is None or before.contract_version != draft.contract_version:
        return {}
    last = settings.paths.published / before.snapshot
    if tables_of(last) != tables:
        return {}
    kept = {}
    for district_id, district in draft.districts.items():
        sources = [file_of(last, table, district_id) for table in tables]
        if before.districts.get(district_id) == district and district_id in before.lake and all(map(os.path.isfile, sources)):
            kept[district_id] = before.lake[district_id]
            for table, source in zip(tables, sources, strict=True):
                target = file_of(building, table, district_id)
                target.parent.mkdir(mode=0o700)
                os.link(source, target)
    return kept


def open_source(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> list[tuple[str, str]]:
    """Make views of what is in these schemas of `source` that show the districts of `narrow`; gives schema and name of each.

    A view reads such views in its turn. So what it counts, it counts for these districts, and not for all of them first.
    """
    found = connection.execute(_TABLES, {"schemas": list(schemas)}).fetchall()
    for schema in sorted({schema for schema, _, _ in found}):
        connection.execute(f"create schema {schema}")
    narrow(connection, [])
    for schema, name, query in sorted(found, key=lambda row: row[2]):
        shown = f"from source.{schema}.{name} where district_id in (from chosen)"
        connection.execute(query or f"create view {schema}.{name} as {shown}")
    return [(schema, name) for schema, name, _ in found]


def narrow(connection: duckdb.DuckDBPyConnection, district_ids: Sequence[str]) -> None:
    """Choose the districts that the views of `open_source` show."""
    connection.execute(f"create or replace table main.chosen as select unnest({literals(district_ids)})::varchar")


def write_table(connection: duckdb.DuckDBPyConnection, table: str, folder: Path, district_ids: Sequence[str]) -> None:
    """Write a view of `open_source`, narrowed to some districts, in one scan; a district without rows has a file without any.

    These files without rows are one file under several names, of these districts and no others: a file system allows a file
    so many names, and every snapshot that keeps it adds some.
    """
    connection.execute(
        f"copy {table} to {literal(folder)} "
        f"({_OPTIONS}, partition_by (district_id), overwrite_or_ignore, filename_pattern 'part_{{i}}')"
    )
    empty: Path | None = None
    for district_id in district_ids:
        target = folder / f"district_id={district_id}" / FILE_NAME
        if target.parent.exists():
            parts = list(target.parent.iterdir())
            if len(parts) != 1:
                raise PublishError(
                    f"{table} of {district_id} was written to {len(parts)} files and not to one. Nothing was published."
                )
            parts[0].rename(target)
            continue
        target.parent.mkdir(mode=0o700)
        if empty is None:
            columns = f"select * exclude (district_id) from {table} limit 0"
            connection.execute(f"copy ({columns}) to {literal(target)} ({_OPTIONS})")
            empty = target
        else:
            os.link(empty, target)
