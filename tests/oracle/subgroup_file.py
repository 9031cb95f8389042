"""How the oracle reads a subgroup file: header, rows, duplicates, matching and cells (docs/architecture.md 3.7 to 3.12)."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Cell = tuple[str, str]
"""The value that a cell means, and the trimmed text that stands there."""


class FileRejectedError(ValueError):
    """The whole file must be rejected."""


@dataclass
class SubgroupFile:
    """What became of the rows: cells of accepted rows by key and subgroup, and counts of the rest.

    `set_aside` counts rows by reason: width, no_key, conflict, unmatched, ambiguous. `unmapped` counts cells of accepted rows.
    `lost` are rows that are set aside for what is in the file itself, of all its `rows`.
    """

    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    set_aside: Counter[str] = field(default_factory=Counter)
    unmapped: int = 0
    duplicates: int = 0
    keys: int = 0
    rows: int = 0
    lost: int = 0

    @property
    def is_held(self) -> bool:
        """More than half of a file is never let through (section 3.12)."""
        return 2 * self.lost > self.rows

    @property
    def match_rate(self) -> float:
        """Distinct keys that match one active student / distinct non-blank keys (section 3.7)."""
        return self.matched_keys / self.keys if self.keys else 0.0

    matched_keys: int = 0


def canonical(header: str) -> str:
    """Trimmed, case-folded, spaces and hyphens as `_` (section 3.11)."""
    return header.strip().casefold().replace(" ", "_").replace("-", "_")


def read_subgroup_file(text: str, section: Mapping[str, Any], holders: Mapping[str, int]) -> SubgroupFile:
    """Read a file; `holders` says how many active students have a key. Raises FileRejectedError."""
    header, *lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    positions = _positions([canonical(name) for name in header])
    id_at = _find(positions, [section["student_id_column"]])
    if id_at is None:
        raise FileRejectedError("no student id column")
    columns_at: dict[str, int] = {}
    for name, column in section["columns"].items():
        at = _find(positions, [name, *column.get("aliases", [])])
        if at is not None:
            columns_at[name] = at
        elif str(column.get("optional", "false")).lower() != "true":
            raise FileRejectedError(f"no column {name}")
    file = SubgroupFile()
    rows = _rows(lines, len(header), file)
    keyed: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for row in rows:
        if row[id_at]:
            keyed[row[id_at]].append(tuple(_unless_blank(section, name, row[at]) for name, at in columns_at.items()))
        else:
            file.set_aside["no_key"] += 1
            file.lost += 1
    _take(file, keyed, [section["columns"][name] for name in columns_at], holders)
    return file


def _positions(names: list[str]) -> dict[str, int]:
    """Place each canonical header; nameless ones can repeat."""
    if any(count > 1 for name, count in Counter(names).items() if name):
        raise FileRejectedError("two headers with one canonical form")
    return {name: at for at, name in enumerate(names)}


def _find(positions: Mapping[str, int], names: list[str]) -> int | None:
    return next((positions[canonical(name)] for name in names if canonical(name) in positions), None)


def _rows(lines: list[list[str]], width: int, file: SubgroupFile) -> list[list[str]]:
    """Section 3.12: leave out blank rows, cut empty cells past the header, set other widths aside."""
    trimmed = [[cell.strip() for cell in line] for line in lines]
    filled = [line for line in trimmed if any(line)]
    taken = [line[:width] for line in filled if len(line) >= width and not any(line[width:])]
    wrong = len(filled) - len(taken)
    if wrong > 5 and wrong > 0.01 * len(filled):
        raise FileRejectedError("too many rows of another width")
    if wrong:
        file.set_aside["width"] = wrong
    file.rows, file.lost = len(filled), wrong
    return taken


def _take(
    file: SubgroupFile,
    keyed: Mapping[str, list[tuple[str, ...]]],
    columns: list[Mapping[str, Any]],
    holders: Mapping[str, int],
) -> None:
    """Section 3.7 and 3.10: match keys, count equal rows once, set rows that differ aside."""
    file.keys = len(keyed)
    file.matched_keys = sum(1 for key in keyed if holders.get(key) == 1)
    for key, rows in keyed.items():
        students = holders.get(key, 0)
        if students > 1 or (students == 1 and len(set(rows)) > 1):
            file.lost += len(rows)
        if len(set(rows)) > 1:
            file.set_aside["conflict"] += len(rows)
            continue
        file.duplicates += len(rows) - 1
        if students != 1:
            file.set_aside["ambiguous" if students else "unmatched"] += len(rows)
            continue
        file.cells[key] = {}
        for column, raw in zip(columns, rows[0], strict=True):
            value = _meaning(column, raw)
            file.unmapped += value is None
            file.cells[key][column["subgroup"]] = ("not_reported" if value is None else value, raw)


def _unless_blank(section: Mapping[str, Any], name: str, cell: str) -> str:
    """The cell, or nothing when it is one of the words for blank: of the column, else of the section; a known value is none."""
    column = section["columns"][name]
    words = {word.strip().lower() for word in column.get("blank_words", section.get("blank_words", []))}
    return "" if cell.lower() in words - {text.lower() for text in known_values(column)} else cell


def known_values(column: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    """The value that each text of the settings means, and what they say of membership (`true`, `false` or nothing)."""
    return {
        str(text): (known["value"], known.get("member")) if isinstance(known, dict) else (str(known), None)
        for text, known in column.get("values", {}).items()
    }


def _meaning(column: Mapping[str, Any], raw: str) -> str | None:
    """Section 3.9: the value that a trimmed cell means; None is an unmapped value."""
    if not raw:
        return str(column.get("blank", "not_reported"))
    known = {key.strip().casefold(): value for key, (value, _) in known_values(column).items()}
    if raw.casefold() in known:
        return known[raw.casefold()]
    return raw if str(column.get("open", "false")).lower() == "true" else None
