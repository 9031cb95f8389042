"""Landing over all deliveries of a run: screen, load, reconcile the row counts, and move the ledger on.

Also lands live deliveries whose rows the warehouse does not hold as the settings now want them (a column mapped since, or
a warehouse made anew), so any warehouse converges on the ledger.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.blank_words import blank_cells
from subgroup_pipeline.landing.date_columns import read_dates
from subgroup_pipeline.landing.delta import compose_delta
from subgroup_pipeline.landing.failing_rows import keep_failing_rows, locate
from subgroup_pipeline.landing.interrupted import MOST_RUNS, being_read, count_ended_runs, was_read
from subgroup_pipeline.landing.load import load_files
from subgroup_pipeline.landing.roster_headers import note_headers, rosters_with_headers
from subgroup_pipeline.landing.screen import Screening, screen_delivery
from subgroup_pipeline.landing.set_aside import keep_set_aside_rows
from subgroup_pipeline.landing.volume import has_usual_volume
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UNPACKED, UnpackedZips
from subgroup_pipeline.registry.findings import store_findings, with_findings
from subgroup_pipeline.registry.judged_again import judge_changed_again
from subgroup_pipeline.registry.ledger import (
    FEEDS,
    advance,
    base_deliveries,
    deliveries_in,
    get_deliveries,
    live_deliveries,
)
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.control_tables import HELD_BACK, JUDGE_AGAIN, LANDED_DELIVERY
from subgroup_pipeline.warehouse.rows import delete_deliveries, insert_rows, replace_ids
from subgroup_pipeline.warehouse.rules_version import rules_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb
    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

_ONE_PROCESS = 16 * 1024**2
"""Bytes that one process reads alone."""
_SAYS = ("landing", "build")
"""Stages whose findings landing replaces."""
LANDING_VERSION = 3
"""Raised when landing reads files another way; what the warehouse holds of older versions is landed again."""


@dataclass
class Landed:
    """What landing did: deliveries whose rows are in `raw` and wait for a verdict, and rows by raw table.

    `unreadable` are live deliveries that the newest settings cannot read; their district is not rebuilt.
    """

    pending: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    set_aside: int = 0


@stage("land")
def land_deliveries(
    connection: duckdb.DuckDBPyConnection, registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]
) -> Landed:
    """Land what waits and what the warehouse lacks, for these districts. Safe to repeat after a kill at any point."""
    by_id = {district.district_id: district for district in districts}
    count_ended_runs(registry, settings.paths.scratch)
    with registry.begin() as session:
        versions = {district_id: district.version for district_id, district in by_id.items()}
        judge_changed_again(session, versions, rules_version)
    deliveries = _deliveries_to_land(connection, registry, by_id)
    landed = Landed()
    _clear(settings.paths.scratch, [left.name for left in settings.paths.scratch.iterdir() if left.name != UNPACKED])
    try:
        with ReadingPool(_processes(settings, deliveries)) as readers:
            screenings = _screen(settings, deliveries, by_id, readers)
            rows = _load(connection, deliveries, screenings, by_id)
            for delivery, screening in zip(deliveries, screenings, strict=True):
                delivery.record = delivery.record.updated(screening.record())  # lines are looked up as the file was read now
                screening.findings, failing = locate(settings.paths, readers, delivery, screening.findings)
                keep_failing_rows(settings.paths, delivery, "landing", failing)
        with registry.begin() as session:
            entries = get_deliveries(session, [delivery.delivery_id for delivery in deliveries])
            said = with_findings(session, [entry.delivery_id for entry in entries], _SAYS)
            for entry, screening in zip(entries, screenings, strict=True):
                if screening.findings or entry.delivery_id in said:
                    _say(session, entry, screening)
                _enter(session, entry, screening, by_id[entry.district_id].version, rows, landed)
        screened = [screening.delivery_id for screening in screenings]
        replace_ids(connection, JUDGE_AGAIN, screened, landed.again)
        replace_ids(connection, HELD_BACK, screened, landed.unreadable)
        # Last of all: until a delivery is noted here, the next run lands it again.
        _note_versions(connection, screenings, by_id)
    finally:
        _clear(settings.paths.scratch, [UNPACKED, *(delivery.delivery_id for delivery in deliveries)])
    return landed


def land_again(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    deliveries: Sequence[Delivery],
    districts: Mapping[str, RegisteredDistrict],
) -> set[str]:
    """Land deliveries from the archive into a warehouse of their own, bases first; gives those that these settings can read.

    Nothing is noted of them: they were judged in their time.
    """
    with ReadingPool(_processes(settings, deliveries)) as readers:
        screenings = _screen(settings, deliveries, districts, readers)
        _load(connection, deliveries, screenings, districts)
    _clear(settings.paths.scratch, [UNPACKED, *(delivery.delivery_id for delivery in deliveries)])
    return {screening.delivery_id for screening in screenings if screening.is_loadable}


def _processes(settings: Settings, deliveries: Sequence[Delivery]) -> int:
    """How many read: starting a second one takes longer than it saves on a few megabytes."""
    return settings.threads if sum(file.size for d in deliveries for file in d.files) > _ONE_PROCESS else 1


def _load(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[Delivery],
    screenings: Sequence[Screening],
    districts: Mapping[str, RegisteredDistrict],
) -> dict[tuple[str, str], int]:
    """Replace what `raw` holds of the deliveries; gives landed rows by (delivery_id, file name).

    A delivery of which not every record is accounted for gets a fatal finding and leaves nothing in `raw`.
    """
    loadable = [screening for screening in screenings if screening.is_loadable]
    delete_deliveries(connection, [screening.delivery_id for screening in screenings])
    rows = load_files(connection, loadable, datetime.now(UTC))
    read_dates(connection, loadable)
    blank_cells(connection, loadable, districts)
    note_headers(connection, loadable)
    for delivery in sorted(deliveries, key=lambda d: d.delivery_id):
        if delivery.base_delivery_id and delivery.state != "landed":
            compose_delta(connection, delivery, delivery.base_delivery_id)
    for screening in loadable:
        _reconcile(connection, screening, rows)
    delete_deliveries(connection, [screening.delivery_id for screening in loadable if not screening.is_loadable])
    keep_set_aside_rows(connection, [screening for screening in loadable if screening.is_loadable])
    return rows


@stage("screen")
def _screen(
    settings: Settings, deliveries: Sequence[Delivery], districts: Mapping[str, RegisteredDistrict], readers: ReadingPool
) -> list[Screening]:
    with ThreadPoolExecutor(settings.threads) as threads:
        zips = UnpackedZips(settings.paths.scratch, readers)

        def screen(delivery: Delivery) -> Screening:
            if delivery.record.ended_runs >= MOST_RUNS:
                findings = [Finding("PKG022", count=delivery.record.ended_runs)]
                return Screening(delivery.delivery_id, delivery.district_id, findings=findings)
            with being_read(settings.paths.scratch, delivery.delivery_id):
                return screen_delivery(delivery, districts[delivery.district_id].settings, settings.paths, readers, zips)

        # What was being read when a run ended comes last and alone, so that the next run knows which one it was.
        together = [delivery for delivery in deliveries if not delivery.record.ended_runs]
        done = dict(zip([delivery.delivery_id for delivery in together], threads.map(screen, together), strict=True))
        return [done.get(delivery.delivery_id) or screen(delivery) for delivery in deliveries]


def _clear(scratch: Path, names: Iterable[str]) -> None:
    """Remove directories with what was unpacked. Nobody but the run that holds the warehouse works here."""
    for name in names:
        if (scratch / name).is_dir():
            shutil.rmtree(scratch / name, ignore_errors=True)


def _deliveries_to_land(
    connection: duckdb.DuckDBPyConnection, registry: Registry, districts: Mapping[str, RegisteredDistrict]
) -> list[Delivery]:
    """What is new, and what waits or is live and does not lie in `raw` as the settings now want it, with its base."""
    query = "select delivery_id, settings_version from control.landed_delivery where landing_version = ?"
    in_raw = dict(connection.execute(query, [LANDING_VERSION]).fetchall())
    with_headers = rosters_with_headers(connection)

    def is_current(delivery: Delivery) -> bool:
        version = in_raw.get(delivery.delivery_id)
        if version is None or delivery.settings_version is None:
            return False
        district = districts[delivery.district_id]
        if delivery.feed == "roster" and not district.settings.reads_roster:
            return True
        return version == district.version and (delivery.feed == "subgroups" or delivery.delivery_id in with_headers)

    with registry.begin() as session:
        fresh = deliveries_in(session, ["received", "screened"], districts)
        waiting = deliveries_in(session, ["landed"], districts)
        live = [d for feed in FEEDS for d in live_deliveries(session, feed).values() if d.district_id in districts]
        wanted = fresh + [delivery for delivery in (*waiting, *live) if not is_current(delivery)]
        return wanted + [base for base in base_deliveries(session, wanted) if not is_current(base)]


def _reconcile(connection: duckdb.DuckDBPyConnection, screening: Screening, rows: Mapping[tuple[str, str], int]) -> None:
    """Every record of a file is landed or set aside, to the row; a file where that is not so is not used."""
    for file in list(screening.files):
        key = [screening.delivery_id, file.file_name]
        if rows.get((key[0], key[1]), 0) != file.shape.records - file.shape.set_aside:
            screening.refuse(file, Finding("ROW004", file=file.file_name))
            connection.execute(f"delete from {file.table} where delivery_id = ? and file_name = ?", key)


def _note_versions(
    connection: duckdb.DuckDBPyConnection, screenings: Sequence[Screening], districts: Mapping[str, RegisteredDistrict]
) -> None:
    """Note in the warehouse which deliveries it holds, and under which settings they were read."""
    ids = [screening.delivery_id for screening in screenings]
    connection.execute(f"delete from {LANDED_DELIVERY} where delivery_id in (select unnest(?))", [ids])
    insert_rows(
        connection,
        LANDED_DELIVERY,
        [
            {
                "delivery_id": screening.delivery_id,
                "settings_version": districts[screening.district_id].version,
                "landing_version": LANDING_VERSION,
            }
            for screening in screenings
            if screening.is_loadable
        ],
    )


def _say(session: Session, row: Delivery, screening: Screening) -> None:
    """Replace what landing said of a delivery; what the build said of it was about rows that are landed anew now."""
    if row.state != "superseded":  # landed for the deltas on it alone
        store_findings(session, "landing", row.district_id, row.delivery_id, screening.findings)
        store_findings(session, "build", row.district_id, row.delivery_id, [])


def _enter(
    session: Session,
    row: Delivery,
    screening: Screening,
    version: int,
    rows: Mapping[tuple[str, str], int],
    landed: Landed,
) -> None:
    """Write a delivery's outcome to the ledger, and add it to the run's."""
    counts = rows if screening.is_loadable else {}
    noted = screening.record({f.file_name: counts.get((screening.delivery_id, f.file_name), 0) for f in screening.files})
    for file in noted.files.values():
        landed.rows[file.table] = landed.rows.get(file.table, 0) + file.landed
        landed.set_aside += file.set_aside
    was_read(row)
    if row.state == "superseded":  # landed for the deltas on it alone
        return
    row.settings_version = version
    row.rules_version = rules_version()
    is_live = row.state in ("accepted", "published")
    if is_live:
        (landed.again if screening.is_loadable else landed.unreadable).append(row.delivery_id)
        return
    if not screening.is_loadable:
        advance(session, row, "rejected", verdict="rejected", noted=noted)
        landed.rejected.append(row.delivery_id)
        return
    if row.proof == "settled" and has_usual_volume(session, row, screening):
        row.proof = "volume"
    if row.state == "received":
        advance(session, row, "screened")
    advance(session, row, "landed", noted=noted)
    landed.pending.append(row.delivery_id)
