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
FILE_NAME = "data.parquet"
AT_A_TIME = 100
"""Districts that one scan of a table writes. DuckDB keeps as many files open; with more it closes some and begins second ones."""

_TABLES = """
    select schema_name, table_name from duckdb_tables()
    where database_name = 'source' and schema_name in ('marts', 'quality')
    union all
    select schema_name, view_name from duckdb_views()
    where database_name = 'source' and schema_name in ('marts', 'quality')
    order by all
"""


def file_of(snapshot: Path, table: str, district_id: str) -> Path:
    """Where a snapshot holds a district's rows of a table."""
    return snapshot / DIRECTORY / table / f"district_id={district_id}" / FILE_NAME


def tables_of(snapshot: Path) -> list[str]:
    """The tables in the lake of a snapshot, by name; none in a snapshot of an earlier release."""
    return sorted(path.name for path in (snapshot / DIRECTORY).glob("*/"))


@stage("lake")
def make_lake(settings: Settings, building: Path, draft: Manifest, before: Manifest | None) -> dict[str, str]:
    """Make the lake of a snapshot that is being built; gives a hash of each district's files.

    A district that did not change keeps the hash that the snapshot before gives it.
    """
    with open_files(settings, read={"source": building / DATABASE}) as connection:
        tables = connection.execute(_TABLES).fetchall()
        names = sorted(name for _, name in tables)
        for name in names:
            (building / DIRECTORY / name).mkdir(mode=0o700, parents=True)
        kept = _link_unchanged(settings, building, draft, before, names)
        changed = [district_id for district_id in draft.districts if district_id not in kept]
        for first in range(0, len(changed), AT_A_TIME):
            for schema, name in tables:
                folder = building / DIRECTORY / name
                write_table(connection, f"source.{schema}.{name}", folder, changed[first : first + AT_A_TIME])
    return dict(sorted((kept | {district_id: district_hash(building, district_id) for district_id in changed}).items()))


def districts_of(snapshot: Path) -> set[str]:
    """The districts that have a folder in the lake of a snapshot."""
    folders = (folder for table in tables_of(snapshot) for folder in (snapshot / DIRECTORY / table).glob("district_id=*/"))
    return {folder.name.removeprefix("district_id=") for folder in folders}


def district_hash(snapshot: Path, district_id: str, hash_file: Callable[[Path], str] = hash_of) -> str:
    """The sha256 over the names of a district's files in the lake of a snapshot, and the hash of each."""
    found = hashlib.sha256()
    for table in tables_of(snapshot):
        folder = file_of(snapshot, table, district_id).parent
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


def write_table(connection: duckdb.DuckDBPyConnection, table: str, folder: Path, district_ids: Sequence[str]) -> None:
    """Write the rows of some districts in one scan of a table; a district without any has a file without rows."""
    options = "format parquet, compression zstd"
    connection.execute(
        f"copy (select * from {table} where district_id in (select unnest({literals(district_ids)}))) to {literal(folder)} "
        f"({options}, partition_by (district_id), overwrite_or_ignore, filename_pattern 'part_{{i}}')"
    )
    for district_id in district_ids:
        target = folder / f"district_id={district_id}" / FILE_NAME
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700)
            connection.execute(f"copy (select * exclude (district_id) from {table} limit 0) to {literal(target)} ({options})")
            continue
        parts = list(target.parent.iterdir())
        if len(parts) != 1:
            raise PublishError(
                f"{table} of {district_id} was written to {len(parts)} files and not to one. Nothing was published."
            )
        parts[0].rename(target)
