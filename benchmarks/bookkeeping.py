"""One night in this process with a clock on its bookkeeping: Dagster's events, the registry's sessions, the archive's writes.

Run by `benchmarks.night`: python -m benchmarks.bookkeeping REPORT, with the environment of an installation. Seconds of the
registry are those of whole sessions, also of threads that wait for each other; a call within a timed call counts once.
"""

from __future__ import annotations

import functools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import DagsterInstance

from subgroup_pipeline.intake.archive import IncomingFile
from subgroup_pipeline.orchestration.instance import run_night
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.settings import load_settings

SECONDS = {"dagster": 0.0, "registry": 0.0, "archive": 0.0}
CPU_SECONDS = dict(SECONDS)
"""Of the thread that keeps books: without the time that fetching threads wait for each other."""
_inside = threading.local()


@contextmanager
def clock(kind: str) -> Iterator[None]:
    """Add the seconds of the block to a kind, unless it runs within another timed block."""
    if getattr(_inside, "is_timed", False):
        yield
        return
    _inside.is_timed = True
    begun, cpu_begun = time.perf_counter(), time.thread_time()
    try:
        yield
    finally:
        SECONDS[kind] += time.perf_counter() - begun
        CPU_SECONDS[kind] += time.thread_time() - cpu_begun
        _inside.is_timed = False


def _timed(owner: type, name: str, kind: str) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(real)
    def method(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with clock(kind):
            return real(*args, **kwargs)

    setattr(owner, name, method)


def _timed_sessions() -> None:
    real = Registry.begin

    @contextmanager
    def begin(registry: Registry) -> Iterator[Any]:
        with clock("registry"), real(registry) as session:
            yield session

    Registry.begin = begin  # type: ignore[method-assign,assignment]


def main() -> None:
    """Run the night; write the seconds, and the CPU seconds of the whole, as JSON. Raises SystemExit when it fails."""
    _timed(DagsterInstance, "handle_new_event", "dagster")
    _timed(IncomingFile, "write", "archive")
    _timed(IncomingFile, "keep", "archive")
    _timed_sessions()
    begun, cpu_begun = time.perf_counter(), time.process_time()
    if not run_night(load_settings()).success:
        raise SystemExit("the night failed")
    wall = SECONDS | {"night": time.perf_counter() - begun}
    cpu = CPU_SECONDS | {"night": time.process_time() - cpu_begun}
    Path(sys.argv[1]).write_text(json.dumps({"wall": wall, "CPU": cpu}))


if __name__ == "__main__":
    main()
