"""What stands in the columns of a file, for columns that have few different texts: a person is asked what these mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.reading.row_lookup import cell_as_read, opened_rows

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.reading.row_lookup import HowRead

LONGEST = 40
"""Characters of a code; longer texts are a person's own words."""


@dataclass(frozen=True)
class ColumnValues:
    """A column by its header as written: rows in which something stands, and each text with its rows where they are few."""

    header: str
    filled: int
    counts: dict[str, int]


def column_values(path: Path, how: HowRead, most: int) -> list[ColumnValues]:
    """The columns of a CSV file in its order, each with its texts unless they are more than `most`, or one is long."""
    with opened_rows(path, "", how) as (first, reader):
        counts: list[Counter[str] | None] = [Counter() for _ in first]
        filled = [0] * len(first)
        for row in reader:
            if how.last_line is not None and reader.line_num + how.header_line - 1 > how.last_line:
                break
            for position, text in enumerate(row[: len(first)]):
                cell = cell_as_read(text)
                if not cell:
                    continue
                filled[position] += 1
                counted = counts[position]
                if counted is None:
                    continue
                counted[cell] += 1
                if len(counted) > most or len(cell) > LONGEST:
                    counts[position] = None
    return [
        ColumnValues(cell_as_read(name.removeprefix("\ufeff")), rows, dict((counted or Counter()).most_common()))
        for name, rows, counted in zip(first, filled, counts, strict=True)
    ]
