"""A history whose file is gone or damaged: it is begun again, read as far back as the archive reaches, and people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.registered import districts_of_shard
from subgroup_pipeline.registry.builds import doubt_builds, forget_unread
from subgroup_pipeline.registry.damage import note_damage
from subgroup_pipeline.warehouse.history_tables import STUDENT_CELL
from subgroup_pipeline.warehouse.proof import build_all_again

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def begin_history_again(registry: Registry, settings: Settings) -> None:
    """Where builds are known and the history has no file, let the run build every district and read its past again.

    Who damaged or removed the file is not asked. The caller holds the warehouse.
    """
    if settings.paths.history_database.exists():
        return
    own = None if settings.own_shard.is_whole else [d.district_id for d in districts_of_shard(registry, settings.own_shard)]
    with registry.begin() as session:
        was_there = doubt_builds(session, own)
    if was_there:
        build_all_again(settings)
        note_damage(registry, "history", "The history was damaged or missing; it is read again as far as the archive reaches.")


def doubt_what_is_not_there(connection: duckdb.DuckDBPyConnection, registry: Registry, district_ids: Iterable[str]) -> None:
    """Let builds be read again of districts in scope that the history does not know: another run may have begun a new file."""
    of_scope = "district_id in (select district_id from control.run_scope)"
    known = {row[0] for row in connection.execute(f"select distinct district_id from {STUDENT_CELL} where {of_scope}").fetchall()}
    if missing := set(district_ids) - known:
        with registry.begin() as session:
            doubt_builds(session, missing)


def tell_what_is_gone(registry: Registry, district_ids: Collection[str]) -> None:
    """Forget builds that could not be read again into a new history, and say from when on each district has one."""
    with registry.begin() as session:
        gone = forget_unread(session, district_ids)
    for district_id, last in gone.items():
        said = (
            f"What students of {district_id} were up to {last:%Y-%m-%d} is gone: the history was lost, and the files of then "
            "are past their retention. A backup has it: docs/runbook.md."
        )
        note_damage(registry, "history", said)
