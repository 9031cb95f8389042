"""What every contender is given and gives back: the districts' files, and the seconds that its own work took.

Only the standard library is imported here, because contenders run in an environment without ours.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROSTER_FILES = ("academicSessions", "classes", "courses", "enrollments", "orgs", "users")
"""The roster's files without `.csv`; manifest.csv is nobody's data."""


@dataclass(frozen=True)
class Delivered:
    """What one district delivered: the zip of its roster, its subgroup file, and its settings (YAML)."""

    district_id: str
    name: str
    roster: Path
    subgroups: Path
    settings: Path


@dataclass
class Work:
    """What a contender says of itself: rows of its input, wall and CPU seconds by part (imports are in no part), and more."""

    rows: int = 0
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)
    more: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure a part, with the processes that ended in it."""
        wall, cpu = time.perf_counter(), _cpu()
        yield
        self.parts[name] = time.perf_counter() - wall, _cpu() - cpu

    def save(self, path: Path) -> None:
        """Write it for the process that runs the contest."""
        path.write_text(json.dumps({"rows": self.rows, "parts": self.parts, "more": self.more}), encoding="utf-8")


def saved_work(path: Path) -> Work:
    """What a contender has written."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return Work(told["rows"], {name: (wall, cpu) for name, (wall, cpu) in told["parts"].items()}, told["more"])


def save_list(path: Path, delivered: list[Delivered]) -> None:
    """Write the list that a contender reads."""
    rows = [[d.district_id, d.name, str(d.roster), str(d.subgroups), str(d.settings)] for d in delivered]
    path.write_text(json.dumps(rows), encoding="utf-8")


def saved_list(path: Path) -> list[Delivered]:
    """Read the list of districts."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Delivered(key, name, Path(roster), Path(file), Path(settings)) for key, name, roster, file, settings in rows]


def unpacked(delivered: list[Delivered], folder: Path) -> dict[str, dict[str, Path]]:
    """Unpack the rosters under `folder`; gives the CSV of each table (`subgroups` is one) by district."""
    tables: dict[str, dict[str, Path]] = {name: {} for name in (*ROSTER_FILES, "subgroups")}
    for district in delivered:
        target = folder / district.district_id
        with zipfile.ZipFile(district.roster) as package:
            package.extractall(target)
        for name in ROSTER_FILES:
            tables[name][district.district_id] = target / f"{name}.csv"
        tables["subgroups"][district.district_id] = Path(shutil.copy(district.subgroups, target / "subgroups.csv"))
    return tables


def _cpu() -> float:
    """Processor seconds of this process and of its ended children."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
