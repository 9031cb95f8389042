"""The Dagster instance under the home, and running the night in this process as the schedule would."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, redirect_stdout
from importlib.resources import files
from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.orchestration.triggers import JOB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from subgroup_pipeline.settings import Settings

_DAEMONS = ("SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR")
_SILENCE_SECONDS = 120


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


def run_night(
    settings: Settings,
    *,
    districts: Sequence[str] = (),
    wait: bool = False,
    on_step: Callable[[str, float | None], None] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run one night now, for all districts or some; the run shows in the UI like any other.

    `on_step` hears of each step when it starts (None) and when it ends (seconds).
    """
    from dagster._core.utils import make_new_run_id

    from subgroup_pipeline.orchestration.build import build_defs

    run_id = make_new_run_id()
    with open_instance(settings) as instance:
        if on_step is not None:
            instance.add_event_listener(run_id, _StepClock(on_step))
        job = build_defs(settings).resolve_job_def(JOB)
        # dbt's own words belong to the log, not between the lines of a command that prints JSON.
        with (settings.paths.dagster / "last_run.log").open("w", encoding="utf-8") as log, redirect_stdout(log):
            return job.execute_in_process(
                instance=instance,
                run_id=run_id,
                raise_on_error=False,
                run_config={
                    "resources": {"night": {"config": {"districts": list(districts), "wait": wait}}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )


def silent_daemons(instance: dg.DagsterInstance) -> list[str]:
    """Daemons that nights depend on and that have not shown a sign of life for two minutes (they do so each half)."""
    oldest = time.time() - _SILENCE_SECONDS
    beats = instance.get_daemon_heartbeats()
    return [name for name in _DAEMONS if name not in beats or beats[name].timestamp < oldest]


class _StepClock:
    """Tells of a run's steps as their events are stored."""

    def __init__(self, on_step: Callable[[str, float | None], None]) -> None:
        self._on_step = on_step
        self._begun: dict[str, float] = {}

    def __call__(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        if event.is_step_start:
            self._begun[event.step_key] = entry.timestamp
            self._on_step(event.step_key, None)
        elif event.is_step_success or event.is_step_failure:
            self._on_step(event.step_key, entry.timestamp - self._begun.get(event.step_key, entry.timestamp))
