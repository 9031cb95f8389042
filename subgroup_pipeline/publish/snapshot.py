"""Snapshots: an immutable directory `published/<snapshot>/` that readers open, made beside the others and verified."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.intake.archive import sync_to_disk
from subgroup_pipeline.landing.warehouse import open_warehouse
from subgroup_pipeline.publish.comments import comment_tables
from subgroup_pipeline.publish.current import show_newest
from subgroup_pipeline.publish.district_store import make_district_stores
from subgroup_pipeline.publish.manifest import (
    DATABASE,
    Manifest,
    PublishedDistrict,
    read_manifest,
    shown_deliveries,
    write_manifest,
)
from subgroup_pipeline.publish.quality_tables import state_when_shown, write_quality_tables
from subgroup_pipeline.publish.reader import open_snapshot
from subgroup_pipeline.publish.reconciliation import hops_before
from subgroup_pipeline.publish.scope import dirty_districts
from subgroup_pipeline.registry.ledger import LIVE_STATES, advance, deliveries_in, iso_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Home, Settings

REWRITTEN = timedelta(days=7)
"""Age of the last compacting rewrite at which a publish makes the next."""


@dataclass(frozen=True)
class Published:
    """The snapshot that readers see after a publish, and whether this publish made it."""

    manifest: Manifest
    is_new: bool


def publish_snapshot(registry: Registry, settings: Settings, *, run_id: str) -> Published | None:
    """Publish what the working file holds. None when nothing was ever built.

    Districts whose rows are not known to be whole keep their rows of the snapshot before. Nothing new: no snapshot.
    Raises PublishError when the verification fails; readers then keep the snapshot they have.
    """
    before = read_manifest(settings)
    with open_warehouse(settings) as connection:
        if not _has_marts(connection):
            return None
        dirty = dirty_districts(connection)
        districts = _working_districts(connection, before, dirty)
        kept_hops = hops_before(settings, _database_of(settings, before), dirty)
        by_district = write_quality_tables(connection, registry, shown_deliveries(districts), kept_hops)
        comment_tables(connection)
        said = hashlib.sha256(json.dumps(by_district, sort_keys=True).encode()).hexdigest()
        districts = {
            district_id: district.model_copy(update={"quality_sha256": by_district.get(district_id, "")})
            for district_id, district in districts.items()
        }
        version = _contract_version(connection)
    if before is not None and (before.quality_sha256, before.districts) == (said, districts):
        published = Published(before, is_new=False)
    else:
        now = _after(before, datetime.now(UTC))
        # The first working file has nothing to leave behind.
        is_compacted = before is not None and (before.contract_version != version or _age(before.compacted_at, now) >= REWRITTEN)
        draft = Manifest(
            snapshot=f"{now:%Y%m%dT%H%M%S%fZ}",
            created_at=iso_time(now) or "",
            run_id=run_id,
            contract_version=version,
            files={},
            tables={},
            quality_sha256=said,
            compacted_at=iso_time(now) or "" if is_compacted or before is None else before.compacted_at,
            districts=districts,
        )
        published = Published(_make_snapshot(settings, draft, before, dirty, is_compacted=is_compacted), is_new=True)
    show_newest(settings)
    mend_ledger(registry, settings)
    _retire(settings.paths, settings.keep_snapshots)
    return published


def _make_snapshot(
    settings: Settings, draft: Manifest, before: Manifest | None, dirty: Sequence[str], *, is_compacted: bool
) -> Manifest:
    """Make and verify a snapshot beside the others; it gets its name last, when it is whole and on disk."""
    home = settings.paths
    building = home.published / f".{draft.snapshot}.building"
    building.mkdir(mode=0o700)
    try:
        if is_compacted:
            compact_working_file(settings)
        _make_file(settings, building / DATABASE, before, dirty)
        tables = _verify(settings, building / DATABASE, draft.districts)
        make_district_stores(settings, building, draft, before)
        manifest = draft.model_copy(update={"files": {DATABASE: _hash(building / DATABASE)}, "tables": tables})
        write_manifest(building, manifest)
        sync_to_disk(building)
        building.rename(home.published / draft.snapshot)
        sync_to_disk(home.published)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return manifest


def compact_working_file(settings: Settings) -> None:
    """Write the working file anew, so that freed blocks keep nothing of anyone who left (weekly, and after a purge)."""
    import duckdb

    working = settings.paths.analytics_database
    fresh = working.with_suffix(".compacting")
    _remove_half_written(fresh)
    connection = duckdb.connect(":memory:", config={"memory_limit": settings.memory_limit, "threads": settings.threads})
    try:
        connection.execute("attach '" + str(working).replace("'", "''") + "' as working (read_only)")
        connection.execute("attach '" + str(fresh).replace("'", "''") + "' as analytics")
        connection.execute("copy from database working to analytics")
    finally:
        connection.close()
    sync_to_disk(fresh)
    fresh.replace(working)


def _remove_half_written(fresh: Path) -> None:
    """Remove what a killed rewrite left, with DuckDB's write-ahead log beside it."""
    fresh.unlink(missing_ok=True)
    fresh.with_name(f"{fresh.name}.wal").unlink(missing_ok=True)


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
    connection: duckdb.DuckDBPyConnection, before: Manifest | None, dirty: Sequence[str]
) -> dict[str, PublishedDistrict]:
    """What the snapshot will hold: the whole districts of the working file, and dirty ones as published before."""
    rows = connection.execute(
        "select d.district_id, b.build_key, d.roster_delivery_id, d.subgroup_delivery_id, d.as_of_date, d.student_count "
        "from control.build b left join analytics.marts.dim_district d using (district_id) order by 1"
    ).fetchall()
    if lost := [row[0] for row in rows if row[2] is None and row[0] not in dirty]:
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
        if row[0] not in dirty
    }
    kept = before.districts if before else {}
    districts |= {district_id: kept[district_id] for district_id in dirty if district_id in kept}
    return dict(sorted(districts.items()))


def _make_file(settings: Settings, target: Path, before: Manifest | None, dirty: Sequence[str]) -> None:
    """Copy the working file (closed and checkpointed); districts that are dirty in it come from the snapshot before."""
    shutil.copyfile(settings.paths.analytics_database, target)
    if dirty:
        import duckdb

        connection = duckdb.connect(str(target), config={"memory_limit": settings.memory_limit, "threads": settings.threads})
        try:
            if before is not None:
                last = str(_database_of(settings, before)).replace("'", "''")
                connection.execute(f"attach '{last}' as last (read_only)")
            for table in _mart_tables(connection):
                connection.execute(f"delete from marts.{table} where district_id in (select unnest(?))", [list(dirty)])
                if before is not None:
                    connection.execute(
                        f"insert into marts.{table} by name select * from last.marts.{table} "
                        "where district_id in (select unnest(?))",
                        [list(dirty)],
                    )
        finally:
            connection.close()
    sync_to_disk(target)


def _database_of(settings: Settings, manifest: Manifest | None) -> Path | None:
    return settings.paths.published / manifest.snapshot / DATABASE if manifest else None


def _mart_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = "select table_name from duckdb_tables() where schema_name = 'marts' and database_name = current_database() order by 1"
    return [row[0] for row in connection.execute(query).fetchall()]


def _verify(settings: Settings, path: Path, districts: dict[str, PublishedDistrict]) -> dict[str, int]:
    """Open the new file as a reader does, and hold it against what it should say; gives rows by table.

    Raises PublishError naming what does not fit.
    """
    with open_snapshot(path, settings.memory_limit, settings.threads) as connection:
        shown = dict(connection.execute("select district_id, student_count from marts.dim_district").fetchall())
        expected = {district_id: district.student_count for district_id, district in districts.items()}
        if shown != expected:
            wrong = sorted(set(shown.items()) ^ set(expected.items()))
            raise PublishError(
                f"the new snapshot shows other districts or student counts than were built: {wrong[:5]}. Nothing was "
                "published; run `subgroups run` again, and `subgroups doctor` if it repeats."
            )
        reported = dict(
            connection.execute(
                "select district_id, sum(student_count)::bigint from marts.rpt_district_subgroup "
                "where subgroup = 'all_students' group by all"
            ).fetchall()
        )
        if without := [d for d, students in expected.items() if reported.get(d, 0) != students]:
            raise PublishError(f"the district report does not count the students of {without[:5]}. Nothing was published.")
        query = (
            "select district_id from marts.rpt_district_subgroup group by district_id, subgroup "
            "having sum(student_count) <> any_value(total_students)"
        )
        if wrong_sums := connection.execute(query).fetchall():
            raise PublishError(
                f"counts do not add up in the district report of {sorted(set(wrong_sums))[:5]}. Nothing was published."
            )
        connection.execute("select count(*) from marts.rpt_student_subgroup")
        return {table: _scalar(connection, f"select count(*) from marts.{table}") for table in _mart_tables(connection)}


def _retire(home: Home, keep: int) -> None:
    """Remove snapshots beyond those kept, never the current one; and what a killed publish left."""
    for left in home.published.glob(".*.building"):
        shutil.rmtree(left, ignore_errors=True)
    for left in home.published.glob(".*.new"):
        left.unlink(missing_ok=True)
    _remove_half_written(home.analytics_database.with_suffix(".compacting"))
    current = home.current_snapshot.resolve().name
    names = sorted(path.name for path in home.published.iterdir() if path.is_dir() and not path.is_symlink())
    for name in names[:-keep]:
        if name != current:
            shutil.rmtree(home.published / name)


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


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
