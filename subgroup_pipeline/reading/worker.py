"""The process that reads uploaded bytes: one question per line, one answer per line (see `reading_pool`).

It runs under limits, so that a crafted file harms this process and nobody else. Answers are JSON, never pickles: what comes out
of it is not trusted further than the bytes that went in.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.reading.column_values import ColumnValues, column_values
from subgroup_pipeline.reading.csv_shape import MAX_FILE, read_shape
from subgroup_pipeline.reading.first_lines import first_lines
from subgroup_pipeline.reading.likely_header import likely_header
from subgroup_pipeline.reading.listed_pages import MEMORY, read_rows
from subgroup_pipeline.reading.manifest import read_manifest
from subgroup_pipeline.reading.redaction import GoneRows, redact
from subgroup_pipeline.reading.row_counts import count_rows, said_row_counts
from subgroup_pipeline.reading.row_lookup import HowRead, KeyedRows, find_rows
from subgroup_pipeline.reading.shape import CsvShape
from subgroup_pipeline.reading.zip_proof import prove_zip, roster_members

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

MOST_LINES = 20_000_000
"""Lines of a file; the enrollments of a state's largest district are a third of that."""
_BLOCK = 1024 * 1024
MEMORY_FLOOR = 512 * 1024**2
MEMORY_TIMES = 20
"""Address space for a file: the floor and so many times its size; a clean file needs about six times."""
MEMORY_MOST = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
"""But never more than half of what the machine has: the night goes on beside."""


def _shape(path: Path, file_name: str, clean_copy: str, known: Collection[str]) -> dict[str, Any]:
    """The shape of a CSV file, and where DuckDB reads it."""
    if _has_too_many_lines(path):
        return {"shape": CsvShape(findings=[Finding("FIL004", file=file_name)]), "readable": path}
    shape, readable = read_shape(path, file_name, Path(clean_copy), known)
    return {"shape": shape, "readable": readable}


def _rows(path: Path, member: str, how: dict[str, Any], wanted: list[dict[str, Any]], most: int) -> list[list[Any]]:
    """Rows of a file by key, each as a list: there may be ten thousand."""
    found = find_rows(path, member, HowRead(**how), [KeyedRows(**rows) for rows in wanted], most)
    return [[(row.line, row.record, row.key, row.cell) for row in rows] for rows in found]


def _values(path: Path, how: dict[str, Any], most: int) -> list[ColumnValues]:
    """The columns of a file that is no zip."""
    return column_values(path, HowRead(**how), most)


def _redact(path: Path, into: str, files: dict[str, dict[str, Any]], others: dict[str, Any]) -> int:
    """How many rows were taken out of a file on its way into another."""
    return redact(path, Path(into), {name: _gone(one) for name, one in files.items()}, _gone(others))


def _gone(said: dict[str, Any]) -> GoneRows:
    return GoneRows(
        HowRead(**said["how"]), frozenset(said["ids"]), tuple(said["columns"]), tuple(said["lists"]), said["collection"]
    )


QUESTIONS: dict[str, Callable[..., Any]] = {
    "shape": _shape,
    "listed_rows": lambda path, target, about: read_rows(path, Path(target), about),
    "prove_zip": lambda path, name, into, room: prove_zip(path, name, Path(into) if into else None, room),
    "roster_members": roster_members,
    "manifest": read_manifest,
    "said_row_counts": said_row_counts,
    "count_rows": count_rows,
    "first_lines": first_lines,
    "find_rows": _rows,
    "column_values": _values,
    "likely_header": likely_header,
    "redact": _redact,
}
"""What can be asked of a file. An answer consists of dataclasses, paths, and what JSON knows."""


def main() -> None:
    """Answer until the parent closes our input."""
    print(flush=True)  # noqa: T201 - ready
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line)), default=_plain), flush=True)  # noqa: T201 - the answer


def _answer(question: dict[str, Any]) -> dict[str, Any] | None:
    """What is asked of a file; None when it cannot be read within the limits."""
    path = Path(question["path"])
    if question["ask"] == "shape":
        _load_numpy()
    floor = MEMORY if question["ask"] == "listed_rows" else MEMORY_FLOOR
    _, most = resource.getrlimit(resource.RLIMIT_AS)  # whoever started us may be held to one, and so are we
    try:
        limit = question["memory"] or min(MEMORY_MOST, floor + MEMORY_TIMES * path.stat().st_size)
        resource.setrlimit(resource.RLIMIT_AS, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))
        return {"answer": QUESTIONS[question["ask"]](path, **question["about"])}
    except Exception:  # noqa: BLE001 - whatever the bytes made happen: the file gets its finding, the night goes on
        return None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _load_numpy() -> None:
    """Load it before a limit holds; only rows need it, and it takes longer to load than everything else."""
    import numpy as np

    np.flatnonzero(np.zeros(1))


def _plain(value: object) -> object:
    """A value that JSON does not know, in values that it knows."""
    return str(value) if isinstance(value, Path) else vars(value)


def _has_too_many_lines(path: Path) -> bool:
    """Whether a file has more line ends than any real one: each costs far more time and memory than its byte."""
    if not MOST_LINES < path.stat().st_size <= MAX_FILE:
        return False
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(_BLOCK), b"")
        return sum(max(block.count(b"\n"), block.count(b"\r")) for block in blocks) > MOST_LINES


if __name__ == "__main__":
    main()
