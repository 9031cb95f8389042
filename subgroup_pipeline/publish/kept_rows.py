"""Rows that a new snapshot takes from the one before: of districts that are dirty in the working file, and that it lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.build.scope import dirty_districts
from subgroup_pipeline.intake.archive import hash_of
from subgroup_pipeline.logs import log_event
from subgroup_pipeline.publish.manifest import DATABASE, Manifest, read_manifest, set_aside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings


def snapshot_before(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[Manifest | None, list[str], list[str]]:
    """The newest whole snapshot, districts that the working file lost, and all whose rows come from that snapshot.

    When rows come from it, its file is proved first: a damaged one is set aside, and the snapshot before it is taken.
    """
    while True:
        before = read_manifest(settings)
        lost = _lost_districts(connection, before)
        kept = [*dirty_districts(connection), *lost]
        file = database_of(settings, before)
        if before is None or file is None or not kept or hash_of(file) == before.files[DATABASE]:
            return before, lost, kept
        log_event("damage.snapshot", snapshot=before.snapshot)
        set_aside(settings, before.snapshot)


def carried_over(lost: Sequence[str]) -> str:
    """What people are told of districts that the working file lost."""
    names = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
    return (
        f"readers see older rows of {names}: the warehouse does not hold them any more, so those of the snapshot before were "
        "carried over. `subgroups verify` says which archived files are missing; the district uploads again, or restore them."
    )


def database_of(settings: Settings, manifest: Manifest | None) -> Path | None:
    """The staff file of a snapshot."""
    return settings.paths.published / manifest.snapshot / DATABASE if manifest else None


def _lost_districts(connection: duckdb.DuckDBPyConnection, before: Manifest | None) -> list[str]:
    """Districts of a snapshot of which the working file knows nothing: it was made anew, and theirs could not be read again."""
    known = {row[0] for row in connection.execute("select district_id from control.build").fetchall()}
    return sorted(set(before.districts) - known) if before else []
