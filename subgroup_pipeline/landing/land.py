"""Landing over all deliveries of a run: screen, load, reconcile the row counts, and move the ledger on.

Also lands live deliveries whose rows the warehouse does not hold as the settings now want them (a column mapped since, or
a warehouse made anew), so any warehouse converges on the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.landing.erased import redact_delivery
from subgroup_pipeline.landing.failing_rows import keep_failing_rows, locate
from subgroup_pipeline.landing.interrupted import count_ended_runs, was_read
from subgroup_pipeline.landing.roster_headers import rosters_with_headers
from subgroup_pipeline.landing.screen import Screening
from subgroup_pipeline.landing.volume import has_usual_volume
from subgroup_pipeline.landing.waves import clear, land_in_waves, processes
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UNPACKED
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
from subgroup_pipeline.warehouse.rows import insert_rows, replace_ids
from subgroup_pipeline.warehouse.rules_version import rules_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

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
    # In the order in which they came, so that a delta is landed with its base or after it.
    deliveries = sorted(_deliveries_to_land(connection, registry, by_id), key=lambda delivery: delivery.delivery_id)
    landed = Landed()
    clear(settings.paths.scratch, [left.name for left in settings.paths.scratch.iterdir() if left.name != UNPACKED])
    try:
        with ReadingPool(processes(settings, deliveries)) as readers:
            screenings, rows = land_in_waves(connection, settings, deliveries, by_id, readers)
            for delivery, screening in zip(deliveries, screenings, strict=True):
                delivery.record = delivery.record.updated(screening.record())  # lines are looked up as the file was read now
                screening.findings, failing = locate(settings.paths, readers, delivery, screening.findings)
                keep_failing_rows(settings.paths, delivery, "landing", failing)
                if screening.erased:
                    archive = DistrictArchive(settings.paths, delivery.district_id)
                    redact_delivery(archive, readers, delivery, by_id[delivery.district_id], screening.erased)
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
        clear(settings.paths.scratch, [UNPACKED, *(delivery.delivery_id for delivery in deliveries)])
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
    with ReadingPool(processes(settings, deliveries)) as readers:
        screenings, _ = land_in_waves(connection, settings, deliveries, districts, readers)
    return {screening.delivery_id for screening in screenings if screening.is_loadable}


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
        has_roles = delivery.record.oneroster_version == "1.2"  # which hold on a day that the settings say
        if delivery.feed == "roster" and not (district.settings.reads_roster or has_roles):
            return True
        return version == district.version and (delivery.feed == "subgroups" or delivery.delivery_id in with_headers)

    with registry.begin() as session:
        fresh = deliveries_in(session, ["received", "screened"], districts)
        waiting = deliveries_in(session, ["landed"], districts)
        live = [d for feed in FEEDS for d in live_deliveries(session, feed).values() if d.district_id in districts]
        wanted = fresh + [delivery for delivery in (*waiting, *live) if not is_current(delivery)]
        return wanted + [base for base in base_deliveries(session, wanted) if not is_current(base)]


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
