"""The process that reads uploaded bytes: one question a line, one answer a line (see `scan_pool`).

Runs under limits, so that a crafted file harms this process and nobody else. Answers are JSON, never pickles: what comes out
of it is not trusted further than the bytes that went in.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.reading.csv_shape import MAX_FILE, read_shape
from subgroup_pipeline.reading.shape import CsvShape, SetAsideRow

MOST_LINES = 20_000_000
"""Lines of a file; the enrollments of a state's largest district are a third of that."""
_BLOCK = 1024 * 1024
MEMORY_FLOOR = 512 * 1024**2
MEMORY_TIMES = 20
"""Address space for a file: the floor and so many times its size; a clean file needs about six times."""
MEMORY_MOST = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
"""But never more than half of what the machine has: the night goes on beside."""


def main() -> None:
    """Answer until the parent closes our input."""
    import numpy as np

    np.flatnonzero(np.zeros(1))  # loaded before the first limit
    print(flush=True)  # noqa: T201 - ready
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)  # noqa: T201 - the answer


def _answer(question: dict[str, Any]) -> dict[str, Any] | None:
    """The shape of a file and where DuckDB reads it; None when it cannot be read within the limits."""
    path = Path(question["path"])
    limit = question["memory"] or min(MEMORY_MOST, MEMORY_FLOOR + MEMORY_TIMES * path.stat().st_size)
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        if _has_too_many_lines(path):
            shape = CsvShape(findings=[Finding("FIL004", file=question["file_name"])])
            return {"shape": dataclasses.asdict(shape), "readable": str(path)}
        shape, readable = read_shape(path, question["file_name"], Path(question["clean_copy"]), question["known"])
        return {"shape": dataclasses.asdict(shape), "readable": str(readable)}
    except Exception:  # noqa: BLE001 - whatever the bytes made happen: the file gets its finding, the night goes on
        return None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _has_too_many_lines(path: Path) -> bool:
    """Whether a file has more line ends than any real one: each costs far more time and memory than its byte."""
    if not MOST_LINES < path.stat().st_size <= MAX_FILE:
        return False
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(_BLOCK), b"")
        return sum(max(block.count(b"\n"), block.count(b"\r")) for block in blocks) > MOST_LINES


def shape_from(answer: dict[str, Any]) -> CsvShape:
    """The shape that an answer describes."""
    fields = dict(answer)
    fields["findings"] = [
        Finding(**{**finding, "lines": tuple(finding["lines"]), "keys": tuple(finding["keys"])}) for finding in answer["findings"]
    ]
    fields["set_aside_rows"] = [SetAsideRow(**row) for row in answer["set_aside_rows"]]
    return CsvShape(**fields)


if __name__ == "__main__":
    main()
