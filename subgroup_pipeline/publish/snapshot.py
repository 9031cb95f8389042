"""Snapshots: an immutable directory `published/<snapshot>/` that readers open, made beside the others and verified."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.earlier_contract import columns_now
from subgroup_pipeline.disclosure.shareable import SHAREABLE
from subgroup_pipeline.disk import full_disk_in_words, require_room, room_for_a_snapshot, sync_to_disk
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.intake.archive import hash_of
from subgroup_pipeline.publish.as_of import make_macros
from subgroup_pipeline.publish.comments import comment_tables
from subgroup_pipeline.publish.compaction import compact_history, compact_releases, compact_working_file
from subgroup_pipeline.publish.current import show_newest
from subgroup_pipeline.publish.kept_rows import carried_over, database_of, snapshot_before
from subgroup_pipeline.publish.lake import make_lake
from subgroup_pipeline.publish.manifest import (
    DATABASE,
    Manifest,
    PublishedDistrict,
    read_manifest,
    shown_deliveries,
    write_manifest,
)
from subgroup_pipeline.publish.quality_tables import state_when_shown, write_quality_tables
from subgroup_pipeline.publish.reconciliation import hops_before
from subgroup_pipeline.publish.released import note_releases, plan_releases, put_releases
from subgroup_pipeline.publish.verification import mart_tables_in, verify_file
from subgroup_pipeline.registry.damage import note_damage
from subgroup_pipeline.registry.ledger import LIVE_STATES, advance, deliveries_in, iso_time
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.proof import end_well

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.publish.released import Shared
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

RELEASE_SECONDS = 60.0
"""How long staff wait for their marts because of releases that are made with them."""
REWRITTEN = timedelta(days=7)
"""Age of the last compacting rewrite at which a publish makes the next."""


@dataclass(frozen=True)
class Published:
    """The snapshot that readers see after a publish, whether this publish made it, and how many releases are still due."""

    manifest: Manifest
    is_new: bool
    waiting: int = 0


@stage("publish")
def publish_snapshot(
    registry: Registry, settings: Settings, *, run_id: str, asked: Collection[str] = (), seconds: float | None = None
) -> Published | None:
    """Publish what the working file holds. None when nothing was ever built, and in a home that only joins others.

    Districts whose rows are not known to be whole, and those that the working file lost, keep their rows of the snapshot
    before. Nothing new, and no release due: no snapshot. `asked` are districts that get a release whatever their calendar says.
    Releases are made for so many `seconds` (`RELEASE_SECONDS`); those that are left are due with the next publish.
    Raises PublishError when the verification fails, DiskFullError without room; readers then keep the snapshot they have.
    """
    if settings.own_shard.is_empty:
        return None
    with open_warehouse(settings) as connection:
        if not _has_marts(connection):
            return None
        before, lost, kept = snapshot_before(connection, settings)
        districts = _working_districts(connection, before, kept)
        kept_hops = hops_before(settings, database_of(settings, before), kept)
        by_district = write_quality_tables(connection, registry, shown_deliveries(districts), kept_hops, settings.own_shard)
        comment_tables(connection)
        make_macros(connection)
        said = hashlib.sha256(json.dumps(by_district, sort_keys=True).encode()).hexdigest()
        districts = {
            district_id: district.model_copy(update={"quality_sha256": by_district.get(district_id, "")})
            for district_id, district in districts.items()
        }
        version = _contract_version(connection)
    plan = plan_releases(registry, settings, districts, asked)
    is_same = (
        before is not None
        and (before.shard, before.quality_sha256, before.districts) == (settings.shard, said, districts)
        and plan.is_shown_by(before)
    )
    # A snapshot of a release without a lake is followed by one with it.
    if before is not None and is_same and before.lake.keys() == districts.keys():
        published = Published(before, is_new=False)
    else:
        draft = draft_manifest(before, run_id, version, said, districts).model_copy(update={"shard": settings.shard})
        with full_disk_in_words(settings.paths):
            if before is not None and draft.compacted_at == draft.created_at:
                compact_working_file(settings)
                compact_history(settings)
                compact_releases(settings)
            manifest = make_snapshot(
                settings,
                draft,
                lambda file: _make_file(settings, file, before, kept),
                lambda building: make_lake(settings, building, draft, before),
                lambda building: put_releases(
                    settings, building, draft, before, plan, RELEASE_SECONDS if seconds is None else seconds
                ),
            )
            waiting = note_releases(registry, plan, manifest.releases)
        published = Published(manifest, is_new=True, waiting=waiting)
    show_newest(settings)
    mend_ledger(registry, settings)
    end_well(settings.paths)
    if lost:
        note_damage(registry, "carried_over", carried_over(lost))
    return published


def draft_manifest(
    before: Manifest | None, run_id: str, version: str, quality_sha256: str, districts: dict[str, PublishedDistrict]
) -> Manifest:
    """The manifest of a snapshot that is to be made, without its files and tables; `compacted_at` is now when that is due."""
    now = _after(before, datetime.now(UTC))
    # The first working file has nothing to leave behind.
    is_due = before is None or before.contract_version != version or _age(before.compacted_at, now) >= REWRITTEN
    return Manifest(
        snapshot=f"{now:%Y%m%dT%H%M%S%fZ}",
        created_at=iso_time(now) or "",
        run_id=run_id,
        contract_version=version,
        files={},
        tables={},
        quality_sha256=quality_sha256,
        compacted_at=iso_time(now) or "" if is_due or before is None else before.compacted_at,
        districts=districts,
    )


def make_snapshot(
    settings: Settings,
    draft: Manifest,
    make_file: Callable[[Path], None],
    make_lake_in: Callable[[Path], dict[str, str]],
    put_releases_in: Callable[[Path], Shared],
) -> Manifest:
    """Make and verify a snapshot beside the others; it gets its name last, when it is whole and on disk.

    `make_file` writes the staff file, `make_lake_in` the lake into the snapshot's directory, whose hashes it gives, and
    `put_releases_in` what may be shared. Raises PublishError when the verification fails.
    """
    home = settings.paths
    require_room(home, "a new snapshot", room_for_a_snapshot(home))
    building = home.published / f".{draft.snapshot}.building"
    building.mkdir(mode=0o700)
    try:
        make_file(building / DATABASE)
        tables = verify_file(settings, building / DATABASE, draft.districts)
        lake = make_lake_in(building)
        shared = put_releases_in(building)
        manifest = draft.model_copy(
            update={
                "files": {DATABASE: hash_of(building / DATABASE), SHAREABLE: shared.sha256},
                "tables": tables,
                "lake": lake,
                "releases": shared.releases,
                "shareable": shared.hashes,
            }
        )
        write_manifest(building, manifest)
        sync_to_disk(building)
        building.rename(home.published / draft.snapshot)
        sync_to_disk(home.published)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return manifest


def mend_ledger(registry: Registry, settings: Settings) -> None:
    """Bring the ledger to what the current manifest says: deliveries in it are published, older live ones superseded."""
    manifest = read_manifest(settings)
    if manifest is None:
        return
    with registry.begin() as session:
        live = deliveries_in(session, LIVE_STATES)
        # One that was rejected since it was published replaces nothing any more.
        ids = {delivery.delivery_id for delivery in live}
        shown = {feed: shown_id for feed, shown_id in shown_deliveries(manifest.districts).items() if shown_id in ids}
        for delivery in live:
            state = state_when_shown(delivery, shown)
            if state != delivery.state:
                advance(session, delivery, state, reason="" if state == "published" else "replaced by a newer delivery")


def _has_marts(connection: duckdb.DuckDBPyConnection) -> bool:
    query = "select count(*) from duckdb_tables() where database_name = 'analytics' and table_name = 'dim_district'"
    return bool(_scalar(connection, query))


def _contract_version(connection: duckdb.DuckDBPyConnection) -> str:
    return str(_scalar(connection, "select max(contract_version) from analytics.marts.dim_district"))


def _working_districts(
    connection: duckdb.DuckDBPyConnection, before: Manifest | None, kept: Sequence[str]
) -> dict[str, PublishedDistrict]:
    """What the snapshot will hold: the whole districts of the working file, and those that are kept as published before."""
    rows = connection.execute(
        "select d.district_id, b.build_key, d.roster_delivery_id, d.subgroup_delivery_id, d.as_of_date, d.student_count "
        "from control.build b left join analytics.marts.dim_district d using (district_id) order by 1"
    ).fetchall()
    if lost := [row[0] for row in rows if row[2] is None and row[0] not in kept]:
        raise PublishError(f"the working file has no rows of {lost[:5]}, which were built. Nothing was published.")
    districts = {
        row[0]: PublishedDistrict(
            build_key=row[1],
            roster_delivery_id=row[2],
            subgroup_delivery_id=row[3],
            as_of_date=row[4].isoformat(),
            student_count=row[5],
        )
        for row in rows
        if row[0] not in kept
    }
    published = before.districts if before else {}
    districts |= {district_id: published[district_id] for district_id in kept if district_id in published}
    return dict(sorted(districts.items()))


def _make_file(settings: Settings, target: Path, before: Manifest | None, kept: Sequence[str]) -> None:
    """Copy the working file (closed and checkpointed); districts that are kept come from the snapshot before."""
    shutil.copyfile(settings.paths.analytics_database, target)
    if kept:
        last = database_of(settings, before)
        with open_files(settings, write={"snapshot": target}, read={"last": last} if last else {}) as connection:
            connection.execute("use snapshot")
            # A table that came with this release is not in the snapshot before, and has nothing of these districts.
            before_them = set(mart_tables_in(connection, "last"))
            for table in mart_tables_in(connection):
                connection.execute(f"delete from marts.{table} where district_id in (select unnest(?))", [list(kept)])
                if table in before_them:
                    columns = columns_now(connection, "last", table)
                    connection.execute(
                        f"insert into marts.{table} by name select {columns} from last.marts.{table} "
                        "where district_id in (select unnest(?))",
                        [list(kept)],
                    )
    sync_to_disk(target)


def _after(before: Manifest | None, now: datetime) -> datetime:
    """Now, or just after the snapshot before when the clock was set back: the newest name is the newest snapshot."""
    if before is None:
        return now
    return max(now, datetime.fromisoformat(before.created_at) + timedelta(microseconds=1))


def _age(moment: str, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(moment)


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> Any:  # noqa: ANN401 - one cell
    row = connection.execute(query).fetchone()
    return row[0] if row else None
