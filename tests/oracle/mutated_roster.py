"""A roster that is written badly on purpose, with what must come of each row: counted as if it were written well, or set aside.

What is read leniently keeps its meaning in `read`, the same roster as OneRoster wants it, without the rows that are set aside.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

Row = dict[str, str]

_YES = ("1", "Y", "yes", "T", "TRUE")
_NO = ("0", "N", "no", "F", "False")
_PADS = (" {}", "{}  ", "\t{} ", "\u00a0{}", "{}\u3000")
_DATES = {
    "mdy": lambda day: f"{int(day[5:7])}/{int(day[8:])}/{day[:4]}",
    "dmy": lambda day: f"{day[8:]}/{day[5:7]}/{day[:4]}",
    "time": lambda day: f"{day}T00:00:00.000Z",
}
_DATE_COLUMNS = ("startDate", "endDate", "beginDate")


@dataclass
class MutatedRoster:
    """`texts` to upload; `read`, what they mean; per file the lines that are set aside, and the warnings that must be said."""

    texts: dict[str, str]
    read: dict[str, str]
    aside: dict[str, set[int]] = field(default_factory=dict)
    warned: dict[str, set[str]] = field(default_factory=dict)

    @property
    def is_mostly_lost(self) -> bool:
        """Whether more than half of some file's rows are set aside."""
        rows = {name: len(list(csv.reader(io.StringIO(text)))) - 1 for name, text in self.read.items()}
        return any(len(lines) > rows[name] for name, lines in self.aside.items())


@dataclass
class _File:
    """Rows as they are written and as they are read; a row that is set aside has its fault."""

    name: str
    header: list[str]
    written: list[Row]
    read: list[Row]
    faults: list[bool]
    warned: set[str] = field(default_factory=set)


def mutate(rng: Random, roster: Mapping[str, str]) -> MutatedRoster:
    """Mutate a roster whose references hold. The same state of `rng` gives the same mutations."""
    files = {name: _parsed(name, text) for name, text in roster.items() if name != "manifest.csv"}
    for file in files.values():
        _mutate_columns(rng, file)
        for number in range(len(file.written)):
            _mutate_row(rng, file, number)
    _set_aside_with_parents(files)
    result = MutatedRoster({"manifest.csv": roster["manifest.csv"]}, {"manifest.csv": roster["manifest.csv"]})
    for name, file in files.items():
        text, lines = _written(rng, file)
        result.texts[name] = text
        result.read[name] = _text(file.header, [row for row, fault in zip(file.read, file.faults, strict=True) if not fault])
        if any(file.faults):
            result.aside[name] = {line for line, fault in zip(lines, file.faults, strict=True) if fault}
        result.warned[name] = file.warned
    return result


def _parsed(name: str, text: str) -> _File:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    read = [{key: cell.strip() for key, cell in row.items()} for row in reader]
    return _File(name, list(reader.fieldnames or ()), [dict(row) for row in read], read, [False] * len(read))


def _mutate_columns(rng: Random, file: _File) -> None:
    """Write a whole date column another way, where its days tell which."""
    for column in (column for column in _DATE_COLUMNS if column in file.header):
        days = [row[column] for row in file.written if row.get(column)]
        way = rng.choice(("", "mdy", "dmy", "time"))
        if way and (way == "time" or any(int(day[8:]) > 12 for day in days)):
            for row in file.written:
                row[column] = _DATES[way](row[column]) if row[column] else ""
            if days:
                file.warned.add("DAT306")


def _mutate_row(rng: Random, file: _File, number: int) -> None:
    kind = rng.random()
    if kind < 0.12:
        _spoil(rng, file, number, kind)
    elif kind < 0.6:
        _bend(rng, file, number, kind)


def _spoil(rng: Random, file: _File, number: int, kind: float) -> None:
    """Write something into a row that nobody can read; a row that does not count has nothing to lose by it."""
    written, counts = file.written[number], file.read[number]["status"].lower() in ("", "active")
    if kind < 0.04:
        written["status"] = rng.choice(("NULL", "A", "Withdrawal-20", "deleted"))
        file.faults[number] = True
    elif kind < 0.08 and file.name == "users.csv":
        written["enabledUser"] = rng.choice(("?", "pending", "2"))
        file.faults[number] = counts
    elif kind < 0.1 and file.name == "enrollments.csv":
        written["role"] = rng.choice(("pupil", "", "-"))
        file.faults[number] = counts
    elif kind >= 0.1 and file.name == "enrollments.csv":
        written["endDate"] = rng.choice(("TBD", "2026-02-30", "8/9/26"))
        file.faults[number] = counts


def _bend(rng: Random, file: _File, number: int, kind: float) -> None:
    """Write a row in another way that means the same, and note the warning."""
    written, read = file.written[number], file.read[number]
    if kind < 0.2 and read["status"]:
        written["status"] = read["status"].upper()
        file.warned |= {"VOC202"} if read["status"].lower() in ("active", "tobedeleted") else set()
    elif kind < 0.35 and file.name == "users.csv" and read["enabledUser"]:
        written["enabledUser"] = rng.choice(_YES if read["enabledUser"].lower() == "true" else _NO)
        file.warned.add("VOC202" if written["enabledUser"].lower() in ("true", "false") else "VOC207")
    elif kind < 0.42 and "role" in read:
        written["role"] = read["role"].capitalize()
        file.warned.add("VOC202")
    elif kind < 0.46 and file.name == "enrollments.csv":
        written["sourcedId"] = ""
        file.warned.add("KEY005")
    elif kind >= 0.46:
        for column in rng.sample(file.header, rng.randint(1, 3)):
            written[column] = normalize("NFD", rng.choice(_PADS).format(written[column]))


def _set_aside_with_parents(files: Mapping[str, _File]) -> None:
    """A class goes with its school, an enrollment with its class or its user. What does not count goes with nobody."""

    def lost(name: str) -> set[str]:
        file = files[name]
        return {row["sourcedId"] for row, fault in zip(file.read, file.faults, strict=True) if fault}

    for name, parents in (
        ("classes.csv", {"schoolSourcedId": "orgs.csv"}),
        ("enrollments.csv", {"classSourcedId": "classes.csv", "userSourcedId": "users.csv"}),
    ):
        gone = {column: lost(parent) for column, parent in parents.items()}
        for number, row in enumerate(files[name].read):
            if row["status"].lower() in ("", "active") and any(row[column] in ids for column, ids in gone.items()):
                files[name].faults[number] = True


def _written(rng: Random, file: _File) -> tuple[str, list[int]]:
    """The file's text in some way of writing CSV, and the line on which each row begins."""
    quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    before = rng.choice(("", "", "", "sep=,\n", "Nightly export\n11/02/2026\n", "#TYPE Export.Row\n"))
    if before:
        file.warned.add("HDR013")
    text = before + _text(file.header, [], quoting)
    lines = []
    for row in file.written:
        if rng.random() < 0.03:
            text += rng.choice(("\n", "," * (len(file.header) - 1) + "\n"))
        lines.append(text.count("\n") + 1)
        text += _text(file.header, [row], quoting, with_header=False)
    return text, lines


def _text(header: list[str], rows: list[Row], quoting: int = csv.QUOTE_MINIMAL, *, with_header: bool = True) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, lineterminator="\n", quoting=quoting)  # type: ignore[arg-type]
    if with_header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
