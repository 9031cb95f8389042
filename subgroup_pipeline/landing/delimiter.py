"""The delimiter of a file: the one under which its header names columns that are known."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from subgroup_pipeline.registry.header_name import canonical

if TYPE_CHECKING:
    from collections.abc import Collection

COMMA = ","
DELIMITERS = {COMMA: "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_HEADER_BYTES = 65536


def find_delimiter(text: bytes, known: Collection[str]) -> str:
    """The delimiter that finds the most known columns in the first record; comma when none finds more than it."""
    begin = text[:_HEADER_BYTES].decode("utf-8", "ignore")
    wanted = set(known)
    found = {delimiter: len(wanted & _names(begin, delimiter)) for delimiter in DELIMITERS}
    most = max(found.values())
    best = [delimiter for delimiter, count in found.items() if count == most]
    return best[0] if len(best) == 1 else COMMA


def _names(begin: str, delimiter: str) -> set[str]:
    try:
        return {canonical(name) for name in next(csv.reader(io.StringIO(begin, newline=""), delimiter=delimiter), [])}
    except csv.Error:
        return set()
