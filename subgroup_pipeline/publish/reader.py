"""Reading the published marts: the link is resolved first, the file opened read-only, with no way out of it."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings

_OPENING = Lock()
"""Connections of one process to one file share DuckDB's instance of it, whose settings the first of them makes and locks."""


@contextmanager
def open_published(settings: Settings, writes_into: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the snapshot that is current now; a publish meanwhile does not touch it. Raises PublishError before the first."""
    link = settings.paths.published_database
    if not link.exists():
        raise PublishError(f"nothing is published in {settings.paths.published} yet. `subgroups run` publishes.")
    with open_snapshot(link.resolve(), settings.memory_limit, settings.threads, writes_into) as connection:
        yield connection


@contextmanager
def open_snapshot(
    path: Path, memory_limit: str, threads: int, writes_into: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file of a snapshot as any reader should: read-only, locked, no other file but in a directory for results."""
    import duckdb

    try:
        connection = _connect(path, memory_limit, threads, writes_into)
    except duckdb.Error as error:
        raise PublishError(
            f"{path} cannot be opened: {str(error).splitlines()[0]}. `subgroups publish rollback` shows the snapshot before; "
            "`subgroups run` makes a new one."
        ) from error
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path, memory_limit: str, threads: int, writes_into: Path | None) -> duckdb.DuckDBPyConnection:
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "autoinstall_known_extensions": False,
    }
    allowed = "'" + str(writes_into).replace("'", "''") + "'" if writes_into else ""
    with _OPENING:
        connection = duckdb.connect(str(path), read_only=True, config=config)
        if connection.execute("select current_setting('lock_configuration')").fetchone() == (False,):
            # In this order: directories cannot be allowed any more once external access is off.
            connection.execute(
                f"set allowed_directories = [{allowed}]; set enable_external_access = false; set global timezone = 'UTC'; "
                "set lock_configuration = true"
            )
    return connection
