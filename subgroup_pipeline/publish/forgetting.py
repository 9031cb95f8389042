"""Taking a district, or rows of it, out of every snapshot that is kept: the one time that a snapshot changes.

The files change before the manifest. A kill between leaves a snapshot that does not agree with its manifest, and a mark in it:
the same command again goes through all of it once more, and until then `verify` tells it.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from subgroup_pipeline.disk import PART
from subgroup_pipeline.intake.archive import hash_of
from subgroup_pipeline.publish.lake import DIRECTORY, SCHEMAS, district_hash, file_of, narrow, open_source, write_table
from subgroup_pipeline.publish.manifest import DATABASE, FILE_NAME, whole_manifest, write_manifest
from subgroup_pipeline.publish.posting import post_released
from subgroup_pipeline.publish.verification import mart_tables_in
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.forgetting import count_rows, forget_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from subgroup_pipeline.publish.manifest import Manifest
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.warehouse.forgetting import Gone

_CATALOGS = {DATABASE: "analytics"}
"""The names by which the views of a file know it, where that is not the file's own."""


def holds(settings: Settings, snapshot: Path, district_id: str, find: Callable[..., Sequence[Gone]], *, is_whole: bool) -> int:
    """How many rows of its files a snapshot would lose; `is_whole`: the whole district goes, its folders too.

    What a killed process did not finish counts as one.
    """
    rows = sum(count_rows(settings, file, find) for file in sorted(snapshot.glob("*.duckdb")))
    rows += _mark(snapshot, district_id).exists()
    return rows + len(_folders(snapshot, district_id)) if is_whole else rows


def forget_in_snapshot(
    settings: Settings, snapshot: Path, district_id: str, find: Callable[..., Sequence[Gone]], *, is_whole: bool
) -> None:
    """Take rows of a district out of a snapshot; `is_whole`: all of it. One that is not whole itself is removed."""
    manifest = whole_manifest(snapshot)
    if manifest is None:
        (snapshot / FILE_NAME).unlink(missing_ok=True)
        shutil.rmtree(snapshot)
        return
    _mark(snapshot, district_id).touch(mode=0o600)
    for file in sorted(snapshot.glob("*.duckdb")):
        if count_rows(settings, file, find):
            forget_rows(settings, file, _CATALOGS.get(file.name, file.stem), find)
    if is_whole:
        for folder in _folders(snapshot, district_id):
            shutil.rmtree(folder)
    elif district_id in manifest.lake:
        _write_lake_anew(settings, snapshot, district_id)
    write_manifest(snapshot, _as_it_is(settings, snapshot, manifest, district_id, is_whole=is_whole))
    post_released(settings)
    _mark(snapshot, district_id).unlink()


def _mark(snapshot: Path, district_id: str) -> Path:
    """The file that lies in a snapshot while a district, or rows of it, are taken out."""
    return snapshot / f".forgetting-{district_id}{PART}"


def _folders(snapshot: Path, district_id: str) -> list[Path]:
    """Folders of a district in the lake, and in whatever else a snapshot holds by district."""
    return sorted(snapshot.glob(f"*/*/district_id={district_id}"))


def _write_lake_anew(settings: Settings, snapshot: Path, district_id: str) -> None:
    """Write a district's part of the lake from the staff file: other snapshots may hold the old files under other names."""
    fresh = settings.paths.published / f".{snapshot.name}.building"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with open_files(settings, read={"source": snapshot / DATABASE}) as connection:
            tables = [f"{schema}.{name}" for schema, name in open_source(connection, SCHEMAS)]
            narrow(connection, [district_id])
            for table in tables:
                name = table.partition(".")[2]
                (fresh / DIRECTORY / name).mkdir(mode=0o700, parents=True)
                write_table(connection, table, fresh / DIRECTORY / name, [district_id])
                file_of(fresh, name, district_id).replace(file_of(snapshot, name, district_id))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _as_it_is(settings: Settings, snapshot: Path, manifest: Manifest, district_id: str, *, is_whole: bool) -> Manifest:
    files = {name: hash_of(snapshot / name) for name in manifest.files}
    with open_files(settings, read={"source": snapshot / DATABASE}) as connection:
        connection.execute("use source")
        count = "select count(*) from marts.{}"
        tables = {name: connection.execute(count.format(name)).fetchall()[0][0] for name in mart_tables_in(connection)}
    by_district = {name: dict(getattr(manifest, name)) for name in ("districts", "lake", "releases", "shareable")}
    if is_whole:
        for named in by_district.values():
            named.pop(district_id, None)
    elif district_id in manifest.lake:
        by_district["lake"][district_id] = district_hash(snapshot, district_id)
    return manifest.model_copy(update={"files": files, "tables": tables, **by_district})
