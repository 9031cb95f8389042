"""The compacting rewrite of the working file, of the history and of the store of releases: weekly, and after a purge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.disk import sync_to_disk
from subgroup_pipeline.warehouse.duckdb_files import open_files

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.settings import Settings


def compact_working_file(settings: Settings) -> None:
    """Write the working file anew, so that freed blocks keep nothing of anyone who left (weekly, and after a purge)."""
    _compact(settings, settings.paths.analytics_database, "analytics")


def compact_history(settings: Settings) -> None:
    """Write the history anew, so that freed blocks keep nothing that was taken back."""
    _compact(settings, settings.paths.history_database, "history")


def compact_releases(settings: Settings) -> None:
    """Write the store of releases anew, so that freed blocks keep no counts of a district that left."""
    if settings.paths.releases_database.exists():
        _compact(settings, settings.paths.releases_database, "releases")


def _compact(settings: Settings, working: Path, name: str) -> None:
    """A file keeps the name of its catalog, which its views may hold."""
    fresh = working.with_suffix(".compacting")
    _remove_half_written(fresh)
    with open_files(settings, read={"working": working}, write={name: fresh}) as connection:
        connection.execute(f"copy from database working to {name}")
    sync_to_disk(fresh)
    fresh.replace(working)


def _remove_half_written(fresh: Path) -> None:
    """Remove what a killed rewrite left, with DuckDB's write-ahead log beside it."""
    fresh.unlink(missing_ok=True)
    fresh.with_name(f"{fresh.name}.wal").unlink(missing_ok=True)
