"""Where the seconds of a run go: wall and CPU seconds and bytes by stage, measured while the run is at work.

A stage within a stage counts for itself and not for the outer one, so that the stages of a run add up to the run. The main thread
moves from stage to stage; what other threads and child processes do counts for the stage that it is in, but for the processor
time of stages that those threads name themselves.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MEASURED = "run.measured"
"""The line of the log that says what a run took, when it ends."""
START_UP = "start-up"
"""What the process did before its run: loading libraries, Dagster's definitions."""
DAGSTER = "Dagster"
"""What no stage claims: events, and the steps around the stages."""


@dataclass
class Spent:
    """What a stage took: seconds, and bytes through `read` and `write` of the system (0 where it does not count them)."""

    wall: float = 0.0
    cpu: float = 0.0
    read: int = 0
    written: int = 0


@dataclass
class _Clock:
    spent: dict[str, Spent] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    mark: tuple[float, float, int, int] = (0.0, 0.0, 0, 0)
    moved: dict[str, float] = field(default_factory=dict)
    """Processor time of stages in other threads, until the main thread counts it."""


_LOCK = threading.Lock()
_of_thread = threading.local()
_clock = _Clock()
_is_first = True


@contextmanager
def measured_run() -> Iterator[None]:
    """Begin a run: the stages of the one before are forgotten, and `spent()` gives what this one took."""
    global _clock, _is_first  # noqa: PLW0603 - there is one process to measure
    _clock = _Clock(mark=_now())
    if _is_first:
        wall, cpu, read, written = _clock.mark
        _clock.spent[START_UP] = Spent(wall - _began_at(), cpu, read, written)
        _is_first = False
    with stage(DAGSTER):
        yield


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count what happens within for a stage of the run that is measured; outside of a run nothing is counted.

    Also a decorator of functions, but not of generators.
    """
    if threading.current_thread() is not threading.main_thread():
        with _in_another_thread(name):
            yield
        return
    clock = _clock
    _charge(clock)
    clock.open.append(name)
    try:
        yield
    finally:
        _charge(clock)
        clock.open.pop()


@contextmanager
def _in_another_thread(name: str) -> Iterator[None]:
    """Move the processor time of this thread from the main thread's stage to this one; within another stage it stays there."""
    if getattr(_of_thread, "is_counted", False):
        yield
        return
    _of_thread.is_counted, begun = True, time.thread_time()
    try:
        yield
    finally:
        _of_thread.is_counted, seconds = False, time.thread_time() - begun
        with _LOCK:
            clock = _clock
            clock.moved[name] = clock.moved.get(name, 0.0) + seconds


def spent() -> dict[str, Spent]:
    """What the run has taken so far, by stage."""
    _charge(_clock)
    return dict(_clock.spent)


def _charge(clock: _Clock) -> None:
    """Count what was spent since the last look for the stage that is open."""
    now = _now()
    if clock.open:
        of_stage = clock.spent.setdefault(clock.open[-1], Spent())
        of_stage.wall += now[0] - clock.mark[0]
        of_stage.cpu += now[1] - clock.mark[1]
        of_stage.read += now[2] - clock.mark[2]
        of_stage.written += now[3] - clock.mark[3]
        with _LOCK:
            moved, clock.moved = clock.moved, {}
        for name, seconds in moved.items():
            clock.spent.setdefault(name, Spent()).cpu += seconds
            of_stage.cpu -= seconds
    clock.mark = now


def _now() -> tuple[float, float, int, int]:
    """Wall and CPU seconds, the latter with ended children, and bytes read and written."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    read = written = 0
    with suppress(OSError, ValueError), open("/proc/self/io", "rb", buffering=0) as file:  # noqa: PTH123 - Linux alone has it
        counted = file.read().split()
        read, written = int(counted[1]), int(counted[3])
    return time.monotonic(), time.process_time() + children.ru_utime + children.ru_stime, read, written


def _began_at() -> float:
    """When the process began, on the clock of `time.monotonic`; now where the system does not say."""
    with suppress(OSError, ValueError, IndexError), open("/proc/self/stat", encoding="ascii") as file:  # noqa: PTH123
        ticks = int(file.read().rpartition(")")[2].split()[19])
        return ticks / os.sysconf("SC_CLK_TCK")
    return time.monotonic()
