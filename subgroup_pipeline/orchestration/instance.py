"""The Dagster instance under the home, and running the night in this process as the schedule would."""

from __future__ import annotations

import os
from contextlib import contextmanager, redirect_stdout
from importlib.resources import files
from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.orchestration.triggers import JOB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from subgroup_pipeline.settings import Settings


def prepare_instance(settings: Settings) -> None:
    """Put the shipped dagster.yaml in place and point Dagster at it, for this process and those it starts.

    The file holds no secret: on PostgreSQL it names the variable that has the URL, which is set here with the driver's name.
    """
    settings.paths.make()
    parts = ["dagster.yaml", "dagster_postgres.yaml" if settings.is_on_postgres else "dagster_sqlite.yaml"]
    if settings.is_on_postgres:
        os.environ["SUBGROUPS_DATABASE_URL"] = settings.database_url.get_secret_value()
    shipped = "".join(files(__package__).joinpath(part).read_text(encoding="utf-8") for part in parts)
    target = settings.paths.dagster / "dagster.yaml"
    if not target.is_file() or target.read_text(encoding="utf-8") != shipped:
        target.write_text(shipped, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(settings.paths.dagster)


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open the instance of this installation."""
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        yield instance


def run_night(settings: Settings, *, districts: Sequence[str] = (), wait: bool = False) -> dg.ExecuteInProcessResult:
    """Run one night now, for all districts or some; the run shows in the UI like any other."""
    from subgroup_pipeline.orchestration.build import build_defs

    with open_instance(settings) as instance:
        job = build_defs(settings).resolve_job_def(JOB)
        # dbt's own words belong to the log, not between the lines of a command that prints JSON.
        with (settings.paths.dagster / "last_run.log").open("w", encoding="utf-8") as log, redirect_stdout(log):
            return job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={
                    "resources": {"night": {"config": {"districts": list(districts), "wait": wait}}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
