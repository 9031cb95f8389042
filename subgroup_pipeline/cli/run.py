"""`subgroups run`: one night now, and what came of it in words."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def run_now(
    settings: Settings, registry: Registry, district_ids: Sequence[str], *, wait: bool = False, as_json: bool = False
) -> int:
    """Run a night and print each verdict; gives the exit status. Raises UnknownDistrictError for an unknown name."""
    from subgroup_pipeline.registry.districts import registered_districts
    from subgroup_pipeline.registry.ledger import all_deliveries, describe_delivery

    districts = registered_districts(registry, list(district_ids))
    if not districts:
        say("no district is registered. `subgroups district apply FILE` registers one.")
        return 1
    started = datetime.now(UTC)
    begun = time.monotonic()
    said = {d.delivery_id: (d.state, d.verdict) for d in all_deliveries(registry)}
    with _quiet_progress(len(districts)):
        failure = _attempts(settings, registry, district_ids, wait=wait)
    touched = [d for d in all_deliveries(registry, district_ids or None) if said.get(d.delivery_id) != (d.state, d.verdict)]
    if as_json:
        print_json([describe_delivery(delivery) for delivery in touched])
    else:
        columns = ["district", "feed", "verdict", "state", "findings", "delivery"]
        rows = [[d.district_id, d.feed, d.verdict, d.state, len(d.findings), d.delivery_id] for d in touched]
        print_table(columns, rows) if rows else say("no delivery changed")
    faults = _say_faults(registry, {district.district_id for district in districts}, started)
    if failure:
        say(f"error: {failure}")
        return 1
    shown = settings.paths.published_database
    say(f"the night ran in {time.monotonic() - begun:.1f} s; {shown if shown.exists() else 'nothing is published yet'}")
    return 1 if faults == len(districts) else 0


def _attempts(settings: Settings, registry: Registry, district_ids: Sequence[str], *, wait: bool) -> str:
    """Run; with `wait` once more when uploads were still settling. Gives what failed, in words."""
    failure = _run(settings, registry, district_ids, wait=wait)
    if wait and not failure and _is_settling(registry, district_ids):
        time.sleep(settings.settle_seconds)
        failure = _run(settings, registry, district_ids, wait=wait)
    return failure


def _run(settings: Settings, registry: Registry, district_ids: Sequence[str], *, wait: bool) -> str:
    from subgroup_pipeline.landing.warehouse import warehouse_lock
    from subgroup_pipeline.orchestration.instance import run_night

    with warehouse_lock(settings, wait=wait):
        pass  # the run takes the lock itself; asking first gives the holder's pid in words
    result = run_night(settings, districts=district_ids, wait=wait)
    if result.success:
        return ""
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    errors += [event.job_failure_data.error for event in result.all_events if event.is_job_failure and event.job_failure_data]
    causes = [_root_cause(error) for error in errors if error is not None]
    what = causes[0] if causes else "a step failed"
    registry.audit("night.ended", actor="pipeline", detail={"run_id": result.run_id, "outcome": f"failed: {what[:500]}"})
    return f"{what}\nReaders keep what was published before. `subgroups up --only dagster` shows run {result.run_id}."


def _root_cause(error: object) -> str:
    """The innermost message of a Dagster error."""
    while getattr(error, "cause", None) is not None:
        error = error.cause  # type: ignore[attr-defined]
    return str(getattr(error, "message", error)).strip()


def _is_settling(registry: Registry, district_ids: Sequence[str]) -> bool:
    from subgroup_pipeline.registry.ledger import all_deliveries

    waiting = [d for d in all_deliveries(registry, district_ids or None) if d.state == "received" and d.sha256 is None]
    if waiting:
        say(f"waiting for the uploads of {len(waiting)} deliveries to settle")
    return bool(waiting)


def _say_faults(registry: Registry, district_ids: set[str], since: datetime) -> int:
    """Print what kept districts from being fetched; gives how many."""
    from subgroup_pipeline.registry.ledger import district_findings

    with registry.begin() as session:
        faults = [f for f in district_findings(session) if f.district_id in district_ids and f.found_at >= since]
    for fault in faults:
        say(f"{fault.district_id}: {fault.code} {fault.message} {fault.how_to_fix}")
    return len({fault.district_id for fault in faults})


def _quiet_progress(districts: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a context manager of rich
    """A spinner on a terminal; nothing when the output goes elsewhere."""
    from rich.console import Console

    return Console(stderr=True).status(f"one night for {districts} districts: fetch, land, check, build, publish")
