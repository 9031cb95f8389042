"""What starts a night: the schedule, the sensor that sees settled uploads of any number of districts, and who asks for one."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.desk.asked_check import checks_ready
from subgroup_pipeline.districts.registered import districts_of_shard
from subgroup_pipeline.intake.fetch import observe_sources
from subgroup_pipeline.orchestration.failures import BUSY, causes
from subgroup_pipeline.orchestration.killed_runs import end_killed_runs
from subgroup_pipeline.orchestration.night_runs import is_night, night_config, night_tags
from subgroup_pipeline.registry.asked_checks import waiting_checks
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.nights import note_failed

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job

    from subgroup_pipeline.settings import Settings


def build_schedule(job: Job, settings: Settings) -> dg.ScheduleDefinition:
    """Start every night at the set hour, in the set time zone."""
    return dg.ScheduleDefinition(
        name="nightly_publish",
        job=job,
        cron_schedule=settings.nightly_cron,
        execution_timezone=settings.timezone,
        run_config=night_config([], wait=True),
        tags=night_tags("schedule", []),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Fetch, land, check, build and publish for every district.",
    )


def build_sensor(job: Job, settings: Settings) -> dg.SensorDefinition:
    """Start a run for all districts that have settled uploads."""

    @dg.sensor(
        name="sftp_arrivals",
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One run for all districts whose uploads are there and stand unchanged.",
    )
    def sftp_arrivals(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        # Also here: while a killed run keeps the queue's only place, no run begins that could clear it away.
        end_killed_runs(context.instance, settings)
        registry = open_registry(settings)
        try:
            ready, faults = observe_sources(registry, settings, districts_of_shard(registry, settings.own_shard))
        finally:
            registry.close()
        # The cursor holds what runs were started for, by (district, path, size, mtime) and never by a clock: a file that is
        # late, backdated or sent again is seen; one that could not be taken waits for the nightly run.
        asked = {tuple(file) for file in json.loads(context.cursor or "[]")}
        seen = {(district, *sight) for district, sights in ready.items() for sight in sights}
        if not seen - asked:
            waits = (
                f"a run was started for the settled uploads of {len(ready)} districts"
                if seen
                else "no district has a settled upload"
            )
            return dg.SkipReason("; ".join([waits, *faults]))
        districts = sorted({district for district, *_ in seen - asked})
        key = hashlib.sha256(json.dumps(sorted(seen)).encode()).hexdigest()[:32]
        request = dg.RunRequest(run_key=key, run_config=night_config(districts, wait=True), tags=night_tags("sensor", districts))
        return dg.SensorResult(run_requests=[request], cursor=json.dumps(sorted(seen)))

    return sftp_arrivals


def build_asked_sensor(job: Job, settings: Settings) -> dg.SensorDefinition:
    """Start a run for districts that asked for one ("I have uploaded"), once their uploads stand unchanged."""

    @dg.sensor(
        name="asked_checks",
        job=job,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One run for the districts that said that they have uploaded. Asks one question while none has.",
    )
    def asked_checks(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        registry = open_registry(settings)
        try:
            waiting = [one for one in waiting_checks(registry) if settings.own_shard.takes(one.district_id)]
            ready = checks_ready(registry, settings, waiting, datetime.now(UTC)) if waiting else []
        finally:
            registry.close()
        # A run was started for what the cursor holds. The run notes for whom it began, and then they do not wait any more.
        started = {tuple(one) for one in json.loads(context.cursor or "[]")}
        asked = {(one.district_id, one.asked_at.isoformat()) for one in waiting}
        new = sorted({(one.district_id, one.asked_at.isoformat()) for one in ready} - started)
        if not new:
            return dg.SkipReason("uploads are still arriving, or their run was started" if waiting else "nobody asked")
        districts = [district_id for district_id, _ in new]
        key = hashlib.sha256(json.dumps(new).encode()).hexdigest()[:32]
        request = dg.RunRequest(run_key=key, run_config=night_config(districts, wait=True), tags=night_tags("asked", districts))
        return dg.SensorResult(run_requests=[request], cursor=json.dumps(sorted((started & asked) | set(new))))

    return asked_checks


def build_failure_sensor(job: Job, settings: Settings) -> dg.SensorDefinition:
    """Note failed nights, and have what is past its time leave all the same."""

    @dg.run_failure_sensor(
        name="failed_night",
        request_job=job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Writes a failed night to the audit log, where `subgroups status` shows it, and starts the upkeep it missed.",
    )
    def failed_night(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
        """Note a failed night. A run that found another one at work did nothing, and a run of chosen assets is no night."""
        found = causes([*context.get_step_failure_events(), context.failure_event], settings.paths)
        name, what = found[0] if found else ("", "a step failed")
        if name == BUSY or not is_night(context.dagster_run):
            return dg.SkipReason("the failed run was no night")
        registry = open_registry(settings)
        try:
            note_failed(registry, context.dagster_run.run_id, what)
        finally:
            registry.close()
        return dg.RunRequest(
            run_key=f"upkeep {context.dagster_run.run_id}",
            asset_selection=[dg.AssetKey("upkeep")],
            run_config=night_config([], wait=True),
            tags=night_tags("failed_night", []),
        )

    return failed_night
