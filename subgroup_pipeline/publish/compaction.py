"""The compacting rewrite of the working file: weekly, and after a purge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.disk import sync_to_disk
from subgroup_pipeline.warehouse.duckdb_files import open_files

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.settings import Settings


def compact_working_file(settings: Settings) -> None:
    """Write the working file anew, so that freed blocks keep nothing of anyone who left (weekly, and after a purge)."""
    working = settings.paths.analytics_database
    fresh = _fresh(settings.paths)
    remove_half_written(settings.paths)
    with open_files(settings, read={"working": working}, write={"analytics": fresh}) as connection:
        connection.execute("copy from database working to analytics")
    sync_to_disk(fresh)
    fresh.replace(working)


def remove_half_written(home: Home) -> None:
    """Remove what a killed rewrite left, with DuckDB's write-ahead log beside it."""
    fresh = _fresh(home)
    fresh.unlink(missing_ok=True)
    fresh.with_name(f"{fresh.name}.wal").unlink(missing_ok=True)


def _fresh(home: Home) -> Path:
    return home.analytics_database.with_suffix(".compacting")
