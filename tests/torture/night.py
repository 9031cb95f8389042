"""One night in a process of its own, forked from a warm one, so that it can be killed with SIGKILL and costs little."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.torture.kills import Moment, arm

LONGEST = 180.0
"""Seconds after which a night hangs."""


@dataclass(frozen=True)
class Order:
    """What a night's process is to do. `report` lies outside the home, which may be full; `step`: only that part of it."""

    environment: dict[str, str]
    report: Path
    kill: Moment | None = None
    plant: str = ""
    wait: bool = False
    step: str = ""
    file_limit: int = 0
    clock_shift: float = 0.0


@dataclass
class Outcome:
    """How a night ended: by a kill, or with success or errors in words; and the seconds it took."""

    exit_code: int | None
    seconds: float
    errors: list[str] = field(default_factory=list)

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.exit_code == -9

    @property
    def is_good(self) -> bool:
        """Whether it ended by itself, without an error."""
        return self.exit_code == 0


@dataclass
class RunningNight:
    """A night that goes on in another process."""

    process: BaseProcess
    order: Order
    begun: float

    def join(self, seconds: float = LONGEST) -> Outcome:
        """Wait for its end. A night that hangs is killed, and its exit code is None."""
        self.process.join(seconds)
        took = time.monotonic() - self.begun
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            return Outcome(None, took, [f"the night hung for {seconds:.0f} s"])
        errors = json.loads(self.order.report.read_text()) if self.order.report.is_file() else []
        return Outcome(self.process.exitcode, took, errors)


@cache
def _context() -> ForkServerContext:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # numpy's pools are threads too
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.torture.warm"])
    return context


def begin(order: Order) -> RunningNight:
    """Start a night."""
    order.report.unlink(missing_ok=True)
    process = _context().Process(target=_night, args=(order,), daemon=True)
    process.start()
    return RunningNight(process, order, time.monotonic())


def run(order: Order) -> Outcome:
    """Run a night to its end or its kill."""
    return begin(order).join()


def _night(order: Order) -> None:
    for name in [name for name in os.environ if name.startswith(("SUBGROUPS_", "DBT_", "DAGSTER_"))]:
        del os.environ[name]
    os.environ.update(order.environment)
    random.seed()
    log = os.open(order.report.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(order.report.parent)
    import warnings

    warnings.filterwarnings("ignore")
    errors = _run(order)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    order.report.write_text(json.dumps(errors))
    os._exit(1 if errors else 0)


def _run(order: Order) -> list[str]:
    """Run the night as `subgroups run` does; gives what failed, innermost cause first."""
    from subgroup_pipeline.orchestration import build, instance
    from subgroup_pipeline.orchestration.failures import causes
    from subgroup_pipeline.settings import load_settings

    assert build
    from subgroup_pipeline.publish import snapshot
    from tests.torture import plants

    assert snapshot
    if order.plant:
        plants.PLANTS[order.plant]()
    if order.clock_shift:
        plants.shift_clock(order.clock_shift)
    if order.kill:
        arm(order.kill)
    if order.file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.file_limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    if order.step == "publish":
        return _publish()
    if order.step == "rollback":
        return _roll_back()
    settings = load_settings()
    try:
        result = instance.run_night(settings, wait=order.wait)
    except Exception as error:  # noqa: BLE001 - told to the test
        return [f"{type(error).__name__}: {error}"]
    if result.success:
        return []
    errors = [getattr(event.event_specific_data, "error", None) for event in result.all_events if event.is_failure]
    found = [f"{name}: {what}" for name, what in causes(result.all_events, settings.paths)]
    found += [_innermost(error) for error in errors if error is not None]
    return found or ["the run failed and named no error"]


def _publish() -> list[str]:
    """Run the last steps of a night alone: where readers change over can be killed a hundred times in the time of five nights.

    The upkeep behind the publish is what removes half of a snapshot that a kill left.
    """
    from subgroup_pipeline.publish import snapshot
    from subgroup_pipeline.registry.database import open_registry
    from subgroup_pipeline.settings import load_settings
    from subgroup_pipeline.upkeep.places import Installation
    from subgroup_pipeline.upkeep.runner import run_upkeep
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    settings = load_settings()
    registry = open_registry(settings)
    with warehouse_lock(settings):
        snapshot.publish_snapshot(registry, settings, run_id="torture")
        run_upkeep(Installation(settings, registry, datetime.now(UTC)))
    return []


def _roll_back() -> list[str]:
    """Show the first snapshot again, as `subgroups publish rollback --to` does."""
    from subgroup_pipeline.publish import current, manifest
    from subgroup_pipeline.settings import load_settings

    settings = load_settings()
    current.roll_back(settings, manifest.snapshot_names(settings)[0])
    return []


def _innermost(error: Any) -> str:  # noqa: ANN401 - Dagster's SerializableErrorInfo
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip()
