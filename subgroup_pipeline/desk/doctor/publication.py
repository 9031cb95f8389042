"""Checks of what readers see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.doctor.complaint import Complaint

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings


def published_marts(settings: Settings) -> list[Complaint]:
    """Whether the snapshot that readers see opens and answers."""
    import duckdb

    from subgroup_pipeline.publish.reader import open_published

    if not settings.paths.published_database.exists():
        return [Complaint("note", "Nothing is published yet.", "`subgroups run` publishes what was delivered.")]
    try:
        with open_published(settings) as connection:
            connection.execute("select count(*) from marts.dim_district")
    except duckdb.Error as error:
        return [Complaint("error", str(error), "`subgroups publish rollback` shows readers the snapshot before.")]
    return []


def pinned_rollback(settings: Settings) -> list[Complaint]:
    """Whether readers are kept on an older snapshot; nights go on, and nobody would see their results."""
    from subgroup_pipeline.publish.manifest import snapshot_names

    pin = settings.paths.pinned_snapshot
    if not pin.exists():
        return []
    newest = (snapshot_names(settings) or ["none"])[-1]
    what = f"Readers are kept on the snapshot {pin.read_text(encoding='ascii').strip()} by a rollback; the newest is {newest}."
    return [Complaint("warning", what, "`subgroups publish release` ends the rollback.")]


def damaged_manifests(settings: Settings) -> list[Complaint]:
    """Whether the newest snapshot is whole; nights go on from the newest that is."""
    from subgroup_pipeline.publish.manifest import damaged_snapshots, snapshot_names

    damaged, whole = damaged_snapshots(settings), snapshot_names(settings)
    newer = [name for name in damaged if not whole or name > whole[-1]]
    return [Complaint("warning", f"The snapshot {name} is damaged.", "`subgroups verify` publishes anew.") for name in newer]
