"""Reading the published marts: the link is resolved first, the file opened read-only, with no way out of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.warehouse.duckdb_files import open_for_reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings


@contextmanager
def open_published(settings: Settings, writes_into: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the snapshot that is current now; a publish meanwhile does not touch it. Raises PublishError before the first."""
    link = settings.paths.published_database
    if not link.exists():
        raise PublishError(f"nothing is published in {settings.paths.published} yet. `subgroups run` publishes.")
    with open_snapshot(link.resolve(), settings, writes_into) as connection:
        yield connection


@contextmanager
def open_snapshot(path: Path, settings: Settings, writes_into: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file of a snapshot as any reader should: read-only, locked, no other file but in a directory for results."""
    import duckdb

    try:
        connection = open_for_reader(path, settings, writes_into)
    except duckdb.Error as error:
        raise PublishError(
            f"{path} cannot be opened: {str(error).splitlines()[0]}. `subgroups publish rollback` shows the snapshot before; "
            "`subgroups run` makes a new one."
        ) from error
    try:
        yield connection
    finally:
        connection.close()
