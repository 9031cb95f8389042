"""What starts a night: the schedule, and the sensor that sees settled uploads of any number of districts as one run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.intake.fetch import ready_files
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.districts import registered_districts
from subgroup_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job

JOB = "night"


def build_schedule(job: Job, settings: Settings) -> dg.ScheduleDefinition:
    """Start every night at the set hour, in the set time zone."""
    return dg.ScheduleDefinition(
        name="nightly_publish",
        job=job,
        cron_schedule=settings.nightly_cron,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Fetch, land, check, build and publish for every district.",
    )


def build_sensor(job: Job) -> dg.SensorDefinition:
    """Start a run for all districts that have settled uploads."""

    @dg.sensor(
        name="sftp_arrivals",
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One run for all districts whose uploads are there and stand unchanged.",
    )
    def sftp_arrivals(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        settings = load_settings()
        registry = open_registry(settings)
        try:
            ready = ready_files(registry, settings, registered_districts(registry))
        finally:
            registry.close()
        if not ready:
            return dg.SkipReason("no district has a settled upload")
        # The same files never start a second run by themselves; what could not be taken waits for the nightly run.
        seen = "|".join(f"{district}:{file.path}:{file.size}:{file.mtime}" for district, files in ready.items() for file in files)
        key = hashlib.sha256(seen.encode()).hexdigest()[:32]
        if key == context.cursor:
            return dg.SkipReason(f"{len(ready)} districts have uploads that a run has been started for")
        config = {"resources": {"night": {"config": {"districts": sorted(ready), "wait": True}}}}
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, run_config=config)], cursor=key)

    return sftp_arrivals
