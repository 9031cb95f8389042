"""The first lines of a file, from which one tells whose it is when it does not fit where it lies."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.reading.delimiter import find_delimiter
from subgroup_pipeline.reading.file_kind import file_kind
from subgroup_pipeline.reading.text_encoding import told_encoding

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_BEGIN = 64 * 1024
_LINES = 10


def first_lines(path: Path, known: Collection[str]) -> list[list[str]]:
    """Cells of the first lines, in the form in which names of columns are compared; `known` names tell the delimiter."""
    with path.open("rb") as file:
        data = file.read(_BEGIN)
    if file_kind(data):
        return []
    text = data.decode(told_encoding(data), "ignore")
    delimiter = find_delimiter(text.encode(), known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [[canonical(cell) for cell in row] for row in islice(reader, _LINES)]
    except csv.Error:
        return []
