"""Runs whose process was killed: Dagster goes on counting them, so the queue's only place would stay taken.

Every run holds a lock file for as long as its process lives; the kernel drops it with the process. So a run that is not
finished and whose lock is free is dead, whoever killed it, and no pid or clock is asked.
"""

from __future__ import annotations

import fcntl
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

STARTING = timedelta(minutes=5)
"""How long a run may take from its last change of status to its lock file; killed before that, it is dead after so long."""
_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_held: list[IO[str]] = []


def hold_run(settings: Settings, run_id: str) -> None:
    """Show that this run lives, until this process ends."""
    lock = _lock_of(settings, run_id).open("a", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    _held.append(lock)


def end_killed_runs(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Enter killed runs as failed, which frees their place in the queue; gives their ids. The next run takes up their work."""
    ended = []
    unfinished = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    for record in unfinished:
        run = record.dagster_run
        if _is_dead(_lock_of(settings, run.run_id), record.update_timestamp):
            instance.report_run_failed(run, "the process of this run was killed; a later run goes on where it stopped")
            ended.append(run.run_id)
    alive = {_lock_of(settings, record.dagster_run.run_id) for record in unfinished}
    for left in set(_directory(settings).glob("*.lock")) - alive:
        if _is_free(left):
            left.unlink(missing_ok=True)
    return ended


def _is_dead(lock: Path, changed: datetime) -> bool:
    if lock.exists():
        return _is_free(lock)
    return datetime.now(UTC) - changed.astimezone(UTC) > STARTING


def _is_free(lock: Path) -> bool:
    """Whether no living process holds the lock."""
    with lock.open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _lock_of(settings: Settings, run_id: str) -> Path:
    return _directory(settings) / f"{run_id}.lock"


def _directory(settings: Settings) -> Path:
    directory = settings.paths.dagster / "runs"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory
