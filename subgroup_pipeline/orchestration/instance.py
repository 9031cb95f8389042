"""The Dagster instance under the home, and running the night in this process as the schedule would."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, redirect_stdout
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.disk import full_disk_in_words, require_room, room_for_a_snapshot
from subgroup_pipeline.orchestration.night_runs import JOB, night_config, night_tags
from subgroup_pipeline.upkeep.bookkeeping import mend_bookkeeping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dagster._core.remote_origin import RemoteJobOrigin

    from subgroup_pipeline.settings import Settings

MODULE = "subgroup_pipeline.definitions"
"""What Dagster's processes load, and so the name of the code location."""
_DAEMONS = ("SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR")
_SILENCE_SECONDS = 120


def prepare_instance(settings: Settings) -> None:
    """Put the shipped dagster.yaml in place and point Dagster at it, for this process and those it starts.

    The file holds no secret: on PostgreSQL it names the variable that has the URL, which is set here with the driver's name.
    """
    settings.paths.make()
    parts = ["dagster.yaml", "dagster_postgres.yaml" if settings.has_dagster_on_postgres else "dagster_sqlite.yaml"]
    if settings.has_dagster_on_postgres:
        os.environ["SUBGROUPS_DATABASE_URL"] = settings.database_url.get_secret_value()
    shipped = "".join(files(__package__).joinpath(part).read_text(encoding="utf-8") for part in parts)
    target = settings.paths.dagster / "dagster.yaml"
    if not target.is_file() or target.read_bytes() != shipped.encode():
        target.write_text(shipped, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(settings.paths.dagster)


@contextmanager
def open_instance(settings: Settings, *, every_page: bool = False) -> Iterator[dg.DagsterInstance]:
    """Open the instance of this installation; damaged files of it are begun anew (`every_page`: read them whole first)."""
    prepare_instance(settings)
    mend_bookkeeping(settings, every_page=every_page)
    with dg.DagsterInstance.get() as instance:
        yield instance


def run_night(
    settings: Settings,
    *,
    districts: Sequence[str] = (),
    wait: bool = False,
    on_step: Callable[[str, float | None], None] | None = None,
) -> dg.JobExecutionResult:
    """Run one night now, for all districts or some; the run shows in the UI and on its timeline like any other.

    `on_step` hears of each step when it starts (None) and when it ends (seconds). A night that failed while Dagster's own
    files were damaged runs once more with new ones. Raises DiskFullError without room, before Dagster needs some.
    """
    require_room(settings.paths, "a night", room_for_a_snapshot(settings.paths))
    with full_disk_in_words(settings.paths):
        try:
            result = _run_once(settings, districts, wait, on_step)
        except Exception:
            if not mend_bookkeeping(settings, every_page=True):
                raise
        else:
            if result.success or not mend_bookkeeping(settings, every_page=True):
                return result
        return _run_once(settings, districts, wait, on_step)


def _run_once(
    settings: Settings,
    districts: Sequence[str],
    wait: bool,
    on_step: Callable[[str, float | None], None] | None,
) -> dg.JobExecutionResult:
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    from subgroup_pipeline.orchestration.build import build_defs

    with open_instance(settings) as instance:
        job = build_defs(settings).resolve_job_def(JOB)
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        # What `execute_in_process` does, with the origin: the timeline leaves out a run that names no code location.
        run = instance.create_run_for_job(
            job,
            run_config=night_config(districts, wait=wait) | quiet,
            tags=night_tags("cli", districts),
            remote_job_origin=_origin(),
        )
        if on_step is not None:
            instance.add_event_listener(run.run_id, _StepClock(on_step))
        # dbt's own words belong to the log, not between the lines of a command that prints JSON.
        with (settings.paths.dagster / "last_run.log").open("w", encoding="utf-8") as log, redirect_stdout(log):
            return execute_run(InMemoryJob(job), run, instance)


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


def _origin() -> RemoteJobOrigin:
    """The job as the webserver and the daemon of `subgroups up` know it: the module is their code location's name."""
    from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
    from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

    location = ManagedGrpcPythonEnvCodeLocationOrigin(
        LoadableTargetOrigin(module_name=MODULE, working_directory=str(Path.cwd())), location_name=MODULE
    )
    return RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME).get_job_origin(JOB)
