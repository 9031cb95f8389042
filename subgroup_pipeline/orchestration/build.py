"""The one assembly of the code location, for production, tests and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.orchestration.check_assets import checked_files
from subgroup_pipeline.orchestration.dbt_models import build_models
from subgroup_pipeline.orchestration.district_delivery import district_delivery, verdict
from subgroup_pipeline.orchestration.mirror_asset import postgres_mirror
from subgroup_pipeline.orchestration.night_assets import (
    archived_deliveries,
    delivery_verdict,
    history,
    raw_expectations,
    raw_tables,
    run_scope,
)
from subgroup_pipeline.orchestration.night_runs import JOB, night_config, night_tags
from subgroup_pipeline.orchestration.publish_assets import build_published_snapshot, proved_files, upkeep
from subgroup_pipeline.orchestration.report_assets import error_reports
from subgroup_pipeline.orchestration.resources import resources
from subgroup_pipeline.orchestration.triggers import build_asked_sensor, build_failure_sensor, build_schedule, build_sensor

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings


def build_defs(settings: Settings) -> dg.Definitions:
    """Assemble everything for one installation, and bind its settings to all that runs later."""
    models = build_models(settings)
    night_only = dg.AssetSelection.all() - dg.AssetSelection.checks(verdict)
    job = dg.define_asset_job(
        JOB,
        selection=night_only,
        config=night_config([], wait=True),  # what the launchpad begins with
        tags=night_tags("person", []),
        description="One night: fetch, land, check, build and publish, for all districts or those in the run's config.",
    )
    return dg.Definitions(
        assets=[
            district_delivery,
            history,
            archived_deliveries,
            raw_tables,
            delivery_verdict,
            run_scope,
            models,
            build_published_snapshot(models),
            *([postgres_mirror] if settings.mirror_url.get_secret_value() else []),
            error_reports,
            upkeep,
            proved_files,
            checked_files,
        ],
        asset_checks=[verdict, raw_expectations],
        jobs=[job],
        schedules=[build_schedule(job, settings)],
        sensors=[build_sensor(job, settings), build_asked_sensor(job, settings), build_failure_sensor(job, settings)],
        # Also for what a person materializes in the UI: a run holds the warehouse's lock with its one process, and a process per
        # step costs two seconds.
        executor=dg.in_process_executor,
        resources=resources(settings),
    )
