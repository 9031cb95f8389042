"""`subgroups run`: one night now, and what came of it in words."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.deliveries import print_deliveries
from subgroup_pipeline.cli.output import print_json, say
from subgroup_pipeline.cli.progress import NightProgress
from subgroup_pipeline.desk.words import some_of
from subgroup_pipeline.errors import WarehouseBusyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def run_now(
    settings: Settings, registry: Registry, district_ids: Sequence[str], *, wait: bool = False, as_json: bool = False
) -> int:
    """Run a night and print each verdict; gives the exit status.

    Raises UnknownDistrictError for an unknown name, and WarehouseBusyError when another run is at work.
    """
    from subgroup_pipeline.districts.registered import registered_districts
    from subgroup_pipeline.registry import nights
    from subgroup_pipeline.registry.damage import damage_since
    from subgroup_pipeline.registry.ledger import describe_delivery

    districts = registered_districts(registry, list(district_ids))
    if not districts:
        say("no district is registered. `subgroups district apply FILE` registers one.")
        return 1
    started = datetime.now(UTC)
    begun = time.monotonic()
    with registry.begin() as session:
        before = nights.standing(session)
    failure = _attempts(settings, registry, district_ids, wait=wait)
    with registry.begin() as session:
        changed = nights.changed_since(session, before)
    chosen = {district.district_id for district in districts}
    touched = [delivery for delivery in changed if delivery.district_id in chosen]
    if as_json:
        print_json([describe_delivery(delivery) for delivery in touched])
    elif touched:
        print_deliveries(touched)
    else:
        say("no delivery changed")
    faults = _say_faults(registry, chosen, started)
    for damage in damage_since(registry, started):
        say(f"damaged: {damage}")
    if failure:
        say(f"error: {failure}")
        return 1
    shown = settings.paths.published_database
    say(f"the night ran in {time.monotonic() - begun:.1f} s; {shown if shown.exists() else 'nothing is published yet'}")
    return 1 if faults == len(districts) else 0


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
    from subgroup_pipeline.registry import nights
    from subgroup_pipeline.registry.ledger import PIPELINE
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
    registry.audit(nights.ENDED, actor=PIPELINE, detail={"run_id": result.run_id, "outcome": f"failed: {what[:500]}"})
    return f"{what}\nReaders keep what was published before. `subgroups up --only dagster` shows run {result.run_id}."


def _let_settle(settings: Settings, district_ids: Sequence[str]) -> None:
    """Wait until loose files on our own server have stood long enough, so that one night takes all; a zip proves itself."""
    files = [file for name in district_ids or ["*"] for file in settings.paths.sftp.glob(f"{name}/inbox/*/*")]
    changed = [file.stat().st_mtime for file in files if file.suffix.lower() != ".zip" and file.is_file()]
    left = max(changed, default=0.0) + settings.settle_seconds - time.time()
    if left > 0:
        say(f"waiting {left:.0f} s: an upload is taken when it has stood unchanged for {settings.settle_seconds:.0f} s")
        time.sleep(left)


def _is_settling(registry: Registry, district_ids: Sequence[str]) -> bool:
    from subgroup_pipeline.registry.ledger import all_deliveries

    waiting = [d for d in all_deliveries(registry, district_ids or None, ["received"]) if d.sha256 is None]
    if waiting:
        say(f"waiting for the uploads of {len(waiting)} deliveries to settle")
    return bool(waiting)


def _say_faults(registry: Registry, district_ids: set[str], since: datetime) -> int:
    """Print what kept districts from being fetched; gives how many. Who is late is one line per code, however many they are."""
    from subgroup_pipeline.districts.lateness import STAGE
    from subgroup_pipeline.findings.catalogue import catalogue
    from subgroup_pipeline.registry.ledger import district_findings

    with registry.begin() as session:
        found = [f for f in district_findings(session) if f.district_id in district_ids and f.found_at >= since]
    faults = [finding for finding in found if finding.stage != STAGE]
    for fault in faults:
        say(f"{fault.district_id}: {fault.code} {fault.message} {fault.how_to_fix}")
    late = defaultdict(set)
    for finding in found:
        if finding.stage == STAGE:
            late[finding.code].add(finding.district_id)
    for code, districts in sorted(late.items()):
        say(f"{code} {catalogue()[code].what} This is so in {some_of(sorted(districts))}.")
    if late:
        say("`subgroups district list --late` shows who is late, and by how many nights.")
    return len({fault.district_id for fault in faults})
