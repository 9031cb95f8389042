"""Faults inside rows that fit the header: characters that no export writes, cells beyond all measure, quotes nobody can place.

In a column that is read such a cell sets its row aside. In one that nobody reads it is emptied, with a warning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from subgroup_pipeline.reading.records import Ends, Records
    from subgroup_pipeline.reading.shape import CsvShape

MAX_CELL = 64 * 1024
MAX_ROW = 1024 * 1024
CONTROL_SHARE, CONTROL_FLOOR = 0.001, 5
"""More than this share and more than this many rows with control characters reject a file: no export writes such bytes."""
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
_LATE_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")


@dataclass
class RowFaults:
    """What is wrong with which records: `refused` are set aside, by code; of others, cells are `emptied`, by position."""

    refused: dict[int, str] = field(default_factory=dict)
    emptied: dict[int, set[int]] = field(default_factory=dict)


def may_have_controls(text: bytes, found: Ends, *, is_ascii: bool) -> bool:
    """A quick look at a whole text."""
    low = found.low_bytes
    has_low = len(low) > len(found.newlines) and bool(((low < ord(" ")) & (low != ord("\n")) & (low != ord("\t"))).any())
    return has_low or b"\x7f" in text or (not is_ascii and _LATE_CONTROL.search(text) is not None)


def _has_controls(cell: bytes) -> bool:
    return _CONTROL.search(cell) is not None


class RowJudge:
    """Finds the faults of the rows of one file; `unread` are the positions of columns that nobody reads."""

    def __init__(self, records: Records, shape: CsvShape, file_name: str, unread: frozenset[int]) -> None:
        self.records, self._shape, self._file_name, self._unread = records, shape, file_name, unread
        self._odd = frozenset(records.odd.tolist())
        self.faults = RowFaults()

    def look_for_controls(self) -> None:
        """NUL and other characters that cannot be printed; too many in columns that are read reject the file."""
        import numpy as np

        places = [match.start() for match in _CONTROL.finditer(self.records.text)]
        touched = np.unique(np.searchsorted(self.records.starts, places, side="right") - 1)
        found = [record for record in np.setdiff1d(touched, self.records.blank).tolist() if record]
        aside = self._sort_out(found, _has_controls, "CHR001", "CHR003")
        if len(aside) > CONTROL_FLOOR and len(aside) > CONTROL_SHARE * self._shape.records:
            first = self.records.line(aside[0])
            self._shape.findings.append(Finding("CHR002", file=self._file_name, line=first, count=len(aside)))

    def look_for_giants(self) -> None:
        """Cells beyond what is taken; a record beyond all measure rejects the file, unless nobody reads what makes it so."""
        import numpy as np

        lengths = self.records.ends - self.records.starts
        found = []
        for record in np.flatnonzero(lengths > MAX_CELL).tolist():
            sizes = [len(cell) for cell in self.records.cells(record)]
            is_read = record in self._odd or not record
            kept = sum(size for n, size in enumerate(sizes) if is_read or n not in self._unread or size <= MAX_CELL)
            if kept > MAX_ROW or (not record and max(sizes) > MAX_CELL):
                line = self.records.line(record)
                self._shape.findings.append(Finding("CAP002", file=self._file_name, line=line))
                return
            if max(sizes) > MAX_CELL:
                found.append(record)
        self._sort_out(found, lambda cell: len(cell) > MAX_CELL, "CAP001", "CAP003")

    def refuse(self, code: str, records: Iterable[int]) -> list[int]:
        """Set records aside; gives those that are not yet."""
        new = [record for record in records if record not in self.faults.refused]
        self.faults.refused |= dict.fromkeys(new, code)
        return new

    def refuse_uncertain(self, uncertain: Mapping[int, list[int]]) -> tuple[list[int], list[int]]:
        """Set aside rows with text behind a closing quote in a column that is read; gives them, and those that are read."""
        at = {self.records.at(place): columns for place, columns in uncertain.items()}
        aside = [record for record, columns in at.items() if record in self._odd or not self._unread.issuperset(columns)]
        aside = self.refuse("ROW009", aside)
        return aside, [record for record in at if record not in self.faults.refused]

    def _sort_out(self, found: list[int], is_wrong: Callable[[bytes], bool], code: str, code_unread: str) -> list[int]:
        """Set aside or empty records of which a cell is wrong, with their findings; gives those that are set aside."""
        aside, emptied = [], []
        for record in found:
            wrong = {n for n, cell in enumerate(self.records.cells(record)) if is_wrong(cell)}
            if record in self._odd or not wrong <= self._unread:
                aside.append(record)
            else:
                emptied.append(record)
                self.faults.emptied.setdefault(record, set()).update(wrong)
        new = self.refuse(code, aside)
        for said, records in ((code, new), (code_unread, emptied)):
            if records:
                self._shape.findings.append(self.records.finding(said, self._file_name, records))
        return new
