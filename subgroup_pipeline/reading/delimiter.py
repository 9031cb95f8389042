"""The delimiter of a file: the one under which its header names columns that are known."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import canonical

if TYPE_CHECKING:
    from collections.abc import Collection

COMMA = ","
DELIMITERS = {COMMA: "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_HEADER_BYTES = 65536


def find_delimiter(text: bytes, known: Collection[str]) -> str:
    """The delimiter that finds the most known columns in the first record; comma when none finds more than it."""
    return delimiter_and_names(text, known)[0]


def delimiter_and_names(text: bytes, known: Collection[str]) -> tuple[str, frozenset[str]]:
    """The delimiter of the first record as `find_delimiter` tells it, and the known columns that the record names."""
    begin = text[:_HEADER_BYTES].decode("utf-8", "ignore")
    found = {delimiter: frozenset(known) & _names(begin, delimiter) for delimiter in DELIMITERS}
    most = max(map(len, found.values()))
    best = [delimiter for delimiter, names in found.items() if len(names) == most]
    delimiter = best[0] if len(best) == 1 else COMMA
    return delimiter, found[delimiter]


def _names(begin: str, delimiter: str) -> set[str]:
    reader = csv.reader(io.StringIO(begin, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        return {canonical(name) for name in next(reader, [])}
    except csv.Error:
        return set()
