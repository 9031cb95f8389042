"""Processes under limits of memory and time, each made anew when it hits one.

They run a program of their own and are no forks: the night has threads, and a fork of those may stand still for ever. A process
starts when the first question needs it and serves until the end.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from queue import LifoQueue
from typing import TYPE_CHECKING, Any, Self

import subgroup_pipeline
from subgroup_pipeline.stages import stage

if TYPE_CHECKING:
    from collections.abc import Mapping

Worker = subprocess.Popen[bytes]


class Processes:
    """As many processes as there are places, to be asked from threads. `memory` and `seconds` replace the usual limits."""

    def __init__(self, places: int, *, memory: int = 0, seconds: float = 0) -> None:
        self._memory = memory
        self._seconds = seconds
        self._places: LifoQueue[Worker | None] = LifoQueue()
        self._size = places
        for _ in range(places):
            self._places.put(None)

    def __enter__(self) -> Self:
        return self

    @stage("screen")
    def __exit__(self, *_: object) -> None:
        for _place in range(self._size):
            worker = self._places.get()
            if worker is not None:
                _end(worker)

    def ask(self, question: str, path: Path, about: Mapping[str, object], seconds: float) -> Any:  # noqa: ANN401 - JSON
        """A process's answer about a file; None when it died, found the file beyond its limits, or was not done in time."""
        asked = {"ask": question, "path": str(path), "about": about, "memory": self._memory}
        worker = self._places.get()
        try:
            worker = worker or _start()
            answer = _ask(worker, asked, self._seconds or seconds)
            if answer is None:
                _end(worker)
                worker = None
        finally:
            self._places.put(worker)
        return None if answer is None else answer["answer"]


def _start() -> Worker:
    """Start a process and wait until it can take a question, so that starting does not count as reading."""
    package_root = str(Path(subgroup_pipeline.__file__).parent.parent)
    paths = [package_root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    worker = subprocess.Popen(
        [sys.executable, "-m", "subgroup_pipeline.reading.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback could quote the file
        env=environment,
    )
    if worker.stdout is None or not worker.stdout.readline():
        raise OSError("the process that reads uploaded files did not start; run `python -m subgroup_pipeline.reading.worker`.")
    return worker


def _ask(worker: Worker, question: dict[str, object], seconds: float) -> dict[str, Any] | None:
    assert worker.stdin is not None and worker.stdout is not None  # noqa: S101, PT018 - opened as pipes
    try:
        worker.stdin.write(json.dumps(question).encode() + b"\n")
        worker.stdin.flush()
    except OSError:
        return None
    if not select.select([worker.stdout], [], [], seconds)[0]:
        return None
    line = worker.stdout.readline()
    return json.loads(line) if line else None


def _end(worker: Worker) -> None:
    worker.kill()
    worker.communicate()
