"""Screening deliveries and loading them into `raw`, as many at a time as may lie unpacked in scratch."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.blank_words import blank_cells
from subgroup_pipeline.landing.date_columns import read_dates
from subgroup_pipeline.landing.delta import compose_delta
from subgroup_pipeline.landing.erased import left_out
from subgroup_pipeline.landing.interrupted import MOST_RUNS, being_read
from subgroup_pipeline.landing.load import load_files
from subgroup_pipeline.landing.other_editions import write_as_1p1
from subgroup_pipeline.landing.roles import give_roles
from subgroup_pipeline.landing.roster_headers import note_headers
from subgroup_pipeline.landing.screen import Screening, screen_delivery
from subgroup_pipeline.landing.set_aside import keep_set_aside_rows
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.rows import delete_deliveries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.home import Home
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

_ONE_PROCESS = 16 * 1024**2
"""Bytes that one process reads alone."""
_WAVE = 2 * 1024**3
"""Bytes of files that are landed together. Until they are, what is unpacked and mended of them lies in scratch: a whole state
(4.4 GB of CSV) need not lie there at once. A wave costs a few statements per table, which is nothing beside so many bytes."""


def land_in_waves(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    deliveries: Sequence[Delivery],
    districts: Mapping[str, RegisteredDistrict],
    readers: ReadingPool,
) -> tuple[list[Screening], dict[tuple[str, str], int]]:
    """Screen and load, in the order given: a delta comes with its base or after it.

    Gives a screening for each delivery, and landed rows by (delivery_id, file name).
    """
    screenings: list[Screening] = []
    rows: dict[tuple[str, str], int] = {}
    for wave in _waves(deliveries):
        screened = _screen(settings, wave, districts, readers)
        rows |= _load(connection, settings.paths, wave, screened, districts)
        clear(settings.paths.scratch, [delivery.delivery_id for delivery in wave])
        screenings += screened
    return screenings, rows


def _waves(deliveries: Iterable[Delivery]) -> list[list[Delivery]]:
    """The deliveries in their order, cut where their files would be more than a wave; a larger one is alone."""
    waves: list[list[Delivery]] = []
    room = 0
    for delivery in deliveries:
        size = sum(file.size for file in delivery.files)
        if not waves or size > room:
            waves.append([])
            room = _WAVE
        waves[-1].append(delivery)
        room -= size
    return waves


def processes(settings: Settings, deliveries: Sequence[Delivery]) -> int:
    """How many read: starting a second one takes longer than it saves on a few megabytes."""
    return settings.threads if sum(file.size for d in deliveries for file in d.files) > _ONE_PROCESS else 1


def clear(scratch: Path, names: Iterable[str]) -> None:
    """Remove directories with what was unpacked. Nobody but the run that holds the warehouse works here."""
    for name in names:
        if (scratch / name).is_dir():
            shutil.rmtree(scratch / name, ignore_errors=True)


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


def _load(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    deliveries: Sequence[Delivery],
    screenings: Sequence[Screening],
    districts: Mapping[str, RegisteredDistrict],
) -> dict[tuple[str, str], int]:
    """Replace what `raw` holds of the deliveries; gives landed rows by (delivery_id, file name).

    A delivery of which not every record is accounted for gets a fatal finding and leaves nothing in `raw`.
    """
    loadable = [screening for screening in screenings if screening.is_loadable]
    delete_deliveries(connection, [screening.delivery_id for screening in screenings])
    leaving = left_out(home, loadable, districts)
    loadable = [screening for screening in loadable if screening.is_loadable]
    rows = load_files(connection, loadable, datetime.now(UTC), leaving)
    leaving.of_set_aside(loadable)
    read_dates(connection, loadable)
    write_as_1p1(connection, loadable)
    blank_cells(connection, loadable, districts)
    note_headers(connection, loadable)
    for delivery in deliveries:
        if delivery.base_delivery_id and delivery.state != "landed":
            compose_delta(connection, delivery, delivery.base_delivery_id)
    give_roles(connection, deliveries, loadable, districts)
    for screening in loadable:
        _reconcile(connection, screening, rows)
    delete_deliveries(connection, [screening.delivery_id for screening in loadable if not screening.is_loadable])
    keep_set_aside_rows(connection, [screening for screening in loadable if screening.is_loadable])
    return rows


def _reconcile(connection: duckdb.DuckDBPyConnection, screening: Screening, rows: Mapping[tuple[str, str], int]) -> None:
    """Every record of a file is landed or set aside, to the row; a file where that is not so is not used."""
    for file in list(screening.files):
        key = [screening.delivery_id, file.file_name]
        if rows.get((key[0], key[1]), 0) != file.shape.records - file.shape.set_aside:
            screening.refuse(file, Finding("ROW004", file=file.file_name))
            connection.execute(f"delete from {file.table} where delivery_id = ? and file_name = ?", key)
