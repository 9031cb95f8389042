"""Opening DuckDB files: the one module that connects, under the limits of the settings and without extensions from elsewhere.

`open_files` is for the pipeline's own work, `open_for_reader` for whatever a person asks of what is published, and `open_views`
for pages about one district.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.sql_text import literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings

_NONE: Mapping[str, Path] = MappingProxyType({})
_LOCKED = "set enable_external_access = false; set global timezone = 'UTC'; set lock_configuration = true"
_OPENING = Lock()
"""Connections of one process to one file share DuckDB's instance of it, whose settings the first of them makes and locks."""


def limits(settings: Settings) -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's options for every connection of the pipeline, by name."""
    return {
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "temp_directory": str(settings.paths.scratch),
        # It is never chosen over a dictionary here, and trying it took a fifth of the time that writing our tables takes.
        "disabled_compression_methods": "fsst",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def attach(name: str, path: Path, *, read_only: bool = False, storage: str = "") -> str:
    """SQL that opens a file under a name; one that is not there is made, unless it is only to be read.

    `storage` is the oldest DuckDB that has to read the file from now on; without it a file stays what it is.
    """
    options = "read_only" if read_only else f"storage_version {literal(storage)}" if storage else ""
    return f"attach {literal(path)} as {name}{f' ({options})' if options else ''}"


@contextmanager
def open_files(
    settings: Settings, *, write: Mapping[str, Path] = _NONE, read: Mapping[str, Path] = _NONE
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory with these files attached by name; they are checkpointed and closed on leaving.

    Raises duckdb.Error where a file does not open.
    """
    import duckdb

    connection = duckdb.connect(":memory:", config=limits(settings))
    try:
        for name, path in write.items():
            connection.execute(attach(name, path))
        for name, path in read.items():
            connection.execute(attach(name, path, read_only=True))
        yield connection
    finally:
        connection.close()


def open_for_reader(path: Path, settings: Settings, writes_into: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open one file read-only, its options locked, with no way to any other file but in a directory for results.

    The file itself is the connection's database, so that its tables need no schema before their names. Raises duckdb.Error.
    """
    import duckdb

    # Who may only read what is published cannot write into the home's scratch.
    options = {name: value for name, value in limits(settings).items() if name != "temp_directory"}
    with _OPENING:
        connection = duckdb.connect(str(path), read_only=True, config=options)
        if connection.execute("select current_setting('lock_configuration')").fetchone() == (False,):
            # In this order: directories cannot be allowed any more once external access is off.
            connection.execute(f"set allowed_directories = [{literal(writes_into) if writes_into else ''}]; {_LOCKED}")
    return connection


def open_views(
    views: Iterable[str], files: Iterable[Path], settings: Settings, writes_into: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection in memory with views over files, its options locked, with no way out but to a directory for results.

    Raises duckdb.Error.
    """
    import duckdb

    # One thread: pages run side by side, and what a district has of a table is mostly one block for one thread anyway.
    connection = duckdb.connect(":memory:", config=limits(settings) | {"threads": 1, "temp_directory": ""})
    try:
        results = literals([writes_into] if writes_into else [])
        allowed = f"set allowed_paths = {literals(files)}; set allowed_directories = {results};"
        connection.execute(f"{' '.join(views)} {allowed} set global parquet_metadata_cache = true; {_LOCKED}")
    except duckdb.Error:
        connection.close()
        raise
    return connection
