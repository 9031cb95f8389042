"""Lines that a report program writes below the rows: totals, counts, when it was printed. They are nobody's row."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.reading.records import Records

_MOST = 5
"""Lines at the end that are looked at."""
_WHAT = r"(students?|records?|rows?|lines?|enrollments?|users?|entries)"
_TOTAL = re.compile(
    rf"((grand|sub)[ -]?)?totals?( (number|count))?( of)?( {_WHAT})? ?[:=]? ?[\d,.]*"
    rf"|(number of {_WHAT}|{_WHAT} count|count of {_WHAT}) ?[:=]? ?[\d,.]*"
    rf"|\(?\d[\d,]* {_WHAT}( (affected|selected|returned|exported|found))?\)?\.?"
    r"|page \d+( of \d+)?|\W*end of (report|file|data|list)\W*",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"(this )?(report|data|list|file) (was )?(generated|printed|created|exported|extracted|run)\b.*"
    r"|(generated|printed|created|exported|extracted|run)( (on|at|by|for)\b| ?:| \d).*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d.,:%/ -]*( ?[ap]m)?", re.IGNORECASE)


def closing_records(records: Records, delimiter: str) -> list[int]:
    """The last records that are totals or the like, in the order of the file."""
    import numpy as np

    count = len(records.starts)
    last = np.arange(max(1, count - _MOST - len(records.blank)), count)
    found: list[int] = []
    for record in np.setdiff1d(last, records.blank)[: -_MOST - 1 : -1].tolist():
        if not _is_closing(records.raw(record), delimiter, is_odd=bool((records.odd == record).any())):
            break
        found.append(record)
    return found[::-1]


def _is_closing(row: bytes, delimiter: str, *, is_odd: bool) -> bool:
    if len(row) > 1000:  # no total is so long
        return False
    cells = next(csv.reader(io.StringIO(row.decode("utf-8"), newline=""), delimiter=delimiter), [])
    first, *others = [cell.strip() for cell in cells if cell.strip()] or [""]
    if not first or not all(map(_NUMBER.fullmatch, others)):
        return bool(is_odd and _MADE.fullmatch(first))
    return bool(_TOTAL.fullmatch(first) or _MADE.fullmatch(first))
