"""`subgroups run`: one night now, and what came of it in words."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.deliveries import print_deliveries
from subgroup_pipeline.cli.output import print_json, say
from subgroup_pipeline.cli.progress import NightProgress
from subgroup_pipeline.desk.words import some_of
from subgroup_pipeline.errors import WarehouseBusyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.desk.night import NightSeen
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def run_now(
    settings: Settings, registry: Registry, district_ids: Sequence[str], *, wait: bool = False, as_json: bool = False
) -> int:
    """Run a night and print each verdict; gives the exit status.

    Raises UnknownDistrictError for an unknown name, and WarehouseBusyError when another run is at work.
    """
    from subgroup_pipeline.desk import night

    begun = night.begin(registry, settings.own_shard, district_ids, datetime.now(UTC))
    if not begun.districts:
        whose = f"of shard {settings.shard} " if settings.shard else ""
        say(f"no district {whose}is registered. `subgroups district apply FILE` registers one.")
        return 1
    clock = time.monotonic()
    failure = _attempts(settings, registry, district_ids, wait=wait)
    seen = night.see(registry, begun)
    if as_json:
        print_json(seen.changed)
    elif seen.changed:
        print_deliveries(seen.changed)
    else:
        say("no delivery changed")
    say_faults(seen)
    if failure:
        say(f"error: {failure}")
        return 1
    shown = settings.paths.published_database
    say(f"the night ran in {time.monotonic() - clock:.1f} s; {shown if shown.exists() else 'nothing is published yet'}")
    return 1 if seen.districts_with_a_fault == begun.districts else 0


def say_faults(seen: NightSeen) -> None:
    """Print what kept districts from being fetched, who is late (a line a code, however many they are), and what is damaged."""
    for fault in seen.faults:
        say(f"{fault.district_id}: {fault.code} {fault.message} {fault.how_to_fix}")
    for late in seen.late:
        say(f"{late.code} {late.message} This is so in {some_of(late.districts)}.")
    if seen.late:
        say("`subgroups district list --late` shows who is late, and by how many nights.")
    for damage in seen.damage:
        say(f"damaged: {damage}")


def _attempts(settings: Settings, registry: Registry, district_ids: Sequence[str], *, wait: bool) -> str:
    """Run; with `wait` when uploads have settled, and once more for those on other servers. Gives what failed, in words."""
    if wait:
        _let_settle(settings, district_ids)
    failure = _run(settings, registry, district_ids, wait=wait)
    if wait and not failure and _is_settling(registry, district_ids):
        time.sleep(settings.settle_seconds)
        failure = _run(settings, registry, district_ids, wait=wait)
    return failure


def _run(settings: Settings, registry: Registry, district_ids: Sequence[str], *, wait: bool) -> str:
    from subgroup_pipeline.registry.nights import note_failed
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    with warehouse_lock(settings, wait=wait):
        pass  # the run takes the lock itself; asking first saves seconds of imports
    with NightProgress() as progress:
        from subgroup_pipeline.orchestration.failures import BUSY, causes
        from subgroup_pipeline.orchestration.instance import run_night

        result = run_night(settings, districts=district_ids, wait=wait, on_step=progress.step)
    if result.success:
        return ""
    found = causes(result.all_events, settings.paths)
    name, what = found[0] if found else ("", "a step failed")
    if name == BUSY:
        raise WarehouseBusyError(what)  # a run that began between the question and ours: it is the night, and ours was none
    note_failed(registry, result.run_id, what)
    return f"{what}\nReaders keep what was published before. `subgroups up --only dagster` shows run {result.run_id}."


def _let_settle(settings: Settings, district_ids: Sequence[str]) -> None:
    """Wait until loose files on our own server can be taken, so that one night takes all."""
    from subgroup_pipeline.desk.night import seconds_to_settle

    if left := seconds_to_settle(settings, district_ids):
        say(f"waiting {left:.0f} s: an upload is taken when it has stood unchanged for {settings.settle_seconds:.0f} s")
        time.sleep(left)


def _is_settling(registry: Registry, district_ids: Sequence[str]) -> bool:
    from subgroup_pipeline.desk.night import uploads_that_settle

    if waiting := uploads_that_settle(registry, district_ids):
        say(f"waiting for the uploads of {waiting} deliveries to settle")
    return waiting > 0
