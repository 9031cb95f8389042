"""A pool of processes that read uploaded bytes, each under limits of memory and time and made anew when it hits one.

Processes of their own program, not forks: the night has threads, and a fork of those may stand still for ever. A process starts
when the first file needs it (0.2 s) and serves the whole run.
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
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.reading.scan_worker import shape_from
from subgroup_pipeline.reading.shape import CsvShape

if TYPE_CHECKING:
    from collections.abc import Collection

SECONDS_FLOOR = 30.0
BYTES_A_SECOND = 20 * 1024**2
"""A file may take the floor and a second for so many bytes; a clean one takes a tenth of that."""

Worker = subprocess.Popen[bytes]


class ScanPool:
    """Reads shapes, as many at a time as it has places; to be used from threads. `memory` and `seconds` replace the limits."""

    def __init__(self, places: int, *, memory: int = 0, seconds: float = 0) -> None:
        self._memory = memory
        self._seconds = seconds
        self._places: LifoQueue[Worker | None] = LifoQueue()
        self._size = places
        for _ in range(places):
            self._places.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for _place in range(self._size):
            worker = self._places.get()
            if worker is not None:
                _end(worker)

    def read_shape(self, path: Path, file_name: str, clean_copy: Path, known: Collection[str] = ()) -> tuple[CsvShape, Path]:
        """As `csv_shape.read_shape`; a file that its process does not survive gets a finding of its own."""
        question = {
            "path": str(path),
            "file_name": file_name,
            "clean_copy": str(clean_copy),
            "known": sorted(known),
            "memory": self._memory,
        }
        seconds = self._seconds or SECONDS_FLOOR + path.stat().st_size / BYTES_A_SECOND
        worker = self._places.get()
        try:
            worker = worker or _start()
            answer = _ask(worker, question, seconds)
            if answer is None:
                _end(worker)
                worker = None
        finally:
            self._places.put(worker)
        if answer is None:
            return CsvShape(findings=[Finding("FIL003", file=file_name)]), path
        return shape_from(answer["shape"]), Path(answer["readable"])


def _start() -> Worker:
    """Start a process and wait until it can take a question, so that starting does not count as reading."""
    package_root = str(Path(subgroup_pipeline.__file__).parent.parent)
    paths = [package_root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    worker = subprocess.Popen(
        [sys.executable, "-m", "subgroup_pipeline.reading.scan_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback could quote the file
        env=environment,
    )
    if worker.stdout is None or not worker.stdout.readline():
        raise OSError(
            "the process that reads uploaded files did not start; run `python -m subgroup_pipeline.reading.scan_worker`."
        )
    return worker


def _ask(worker: Worker, question: dict[str, object], seconds: float) -> dict[str, Any] | None:
    """A process's answer; None when it died, found the file beyond its limits, or was not done in time."""
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
