"""The contest: which contenders run on how many districts, each in a process of its own, and what is compared afterwards."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks.generate import DistrictInput
from benchmarks.night import Home, Measure, by_hand, measure
from benchmarks.profile import Stages, measured_stages
from benchmarks.side_by_side.work import Delivered, Work, save_list, saved_work

BENCH = Path(".bench/bin/python").absolute()
"""The environment of the other tools: `make .bench/ready`."""
LANDING = ("fetch", "screen", "land", "locate")
CHECKS = ("check", "judge")
"""Stages of our night that do what a landing tool, and what a checking tool does."""
REPORTS = {
    "rpt_district_subgroup": "district_id, subgroup, value",
    "rpt_school_subgroup": "district_id, school_id, subgroup, value",
    "rpt_course_subgroup": "district_id, school_id, course_id, subgroup, value",
}
"""What every contender that publishes must publish alike, with the grain of each."""


@dataclass
class Entry:
    """A contender's figures; `seconds` are wall and CPU of its own work, where imports and start-up are left out."""

    name: str
    part: str
    """`night`, `landing` or `checks`: what it is compared with."""
    districts: int
    rows: int
    seconds: tuple[float, float]
    process: Measure | None = None
    note: str = ""
    stages: Stages = field(default_factory=dict)

    @property
    def rows_per_second(self) -> float:
        """Rows of the input by second of wall time."""
        return self.rows / self.seconds[0]


@dataclass(frozen=True)
class Limits:
    """The most districts that each contender gets, so that a contest of any scale ends within minutes."""

    dlt_rows: int = 20
    dlt_arrow: int = 100
    gx: int = 20
    dbt: int = 1000


class Contest:
    """Contenders over one set of files, in `scratch`; what one leaves on disk is removed before the next."""

    def __init__(self, inputs: list[DistrictInput], scratch: Path, limits: Limits, say: Callable[[str], None]) -> None:
        self.inputs = inputs
        self.scratch = scratch
        self.limits = limits
        self.say = say
        self.published: dict[str, dict[str, tuple[int, ...]]] = {}

    def run(self) -> list[Entry]:
        """All contenders. Raises SystemExit where two of them published or landed different counts."""
        entries = [*self.hand(), *self.ours()]
        if BENCH.exists():
            entries += [self.dlt("rows", self.limits.dlt_rows), self.dlt("Arrow", self.limits.dlt_arrow), self.gx()]
        else:
            self.say("dlt, Great Expectations on pandas and a plain dbt project are left out: make .bench/ready first")
        self.compare()
        return entries

    def hand(self) -> list[Entry]:
        """The hand-written script."""
        output = self.scratch / "by_hand.duckdb"
        took = by_hand(self.inputs, output)
        self.published["by hand"] = fingerprints(output)
        output.unlink()
        return [self._said(Entry("by hand", "night", len(self.inputs), 0, (took.wall, took.cpu), took))]

    def ours(self) -> list[Entry]:
        """The whole night, and from its own stages landing and checks."""
        home = Home(self.scratch / "home", free_port())
        with home.serving():
            home.deliver(self.inputs)
            took = home.night()
        stages = measured_stages(home.root)
        published = (home.root / "published" / "analytics.duckdb").resolve()
        self.published["our night"] = fingerprints(published)
        with duckdb.connect(str(published), read_only=True) as connection:
            found = connection.execute("select sum(landed_count) from quality.delivery").fetchone()
        rows = int(found[0]) if found else 0
        shutil.rmtree(home.root)
        entries = [Entry("our night", "night", len(self.inputs), rows, (took.wall, took.cpu), took, stages=stages)]
        for name, part, names in (("our landing", "landing", LANDING), ("our checks", "checks", CHECKS)):
            spent = [stages[one] for one in names if one in stages]
            seconds = sum(one["wall"] for one in spent), sum(one["cpu"] for one in spent)
            entries.append(Entry(name, part, len(self.inputs), rows, seconds, note=f"stages {', '.join(names)}"))
        return [self._said(entry) for entry in entries]

    def dlt(self, way: str, at_most: int) -> Entry:
        """Landing with dlt into DuckDB."""
        work, took, districts = self._beside("by_dlt", at_most, way.lower())
        return self._said(Entry(f"dlt, {way}", "landing", districts, work.rows, work.parts["landing"], took))

    def gx(self) -> Entry:
        """Great Expectations on pandas."""
        work, took, districts = self._beside("by_gx", self.limits.gx)
        note = f"{work.more['rules']} expectations; reading the files took {work.parts['reading'][1]:.1f} s of CPU more"
        return self._said(Entry("GX on pandas", "checks", districts, work.rows, work.parts["checking"], took, note))

    def compare(self) -> None:
        """See that those who published have published the same."""
        names = list(self.published)
        for name in names[1:]:
            if self.published[name] != self.published[names[0]]:
                raise SystemExit(f"{names[0]} and {name} published different counts: {self.published}")

    def _beside(self, module: str, at_most: int, *arguments: str) -> tuple[Work, Measure, int]:
        """Run a contender of `.bench` on the first districts; gives also how many these were."""
        chosen = self.inputs[:at_most]
        folder = self.scratch / module
        folder.mkdir()
        save_list(
            folder / "list.json",
            [Delivered(one.district_id, one.name, one.roster, one.subgroup_csv, one.settings) for one in chosen],
        )
        files = [str(folder / "list.json"), str(folder), str(folder / "work.json")]
        took = measure([str(BENCH), "-m", f"benchmarks.side_by_side.{module}", *arguments, *files])
        work = saved_work(folder / "work.json")
        shutil.rmtree(folder)
        return work, took, len(chosen)

    def _said(self, entry: Entry) -> Entry:
        wall, cpu = entry.seconds
        self.say(f"{entry.name}: {wall:.1f} s wall, {cpu:.1f} s CPU on {entry.districts} districts")
        return entry


def fingerprints(database: Path) -> dict[str, tuple[int, ...]]:
    """Of each report: its rows, the sum of its counts, and a hash of keys and counts that no order of rows changes."""
    with duckdb.connect(str(database), read_only=True) as connection:
        found = {}
        for table, grain in REPORTS.items():
            row = connection.execute(
                f"select count(*), cast(sum(student_count) as bigint), bit_xor(hash({grain}, cast(student_count as bigint))) "
                f"from marts.{table}"
            ).fetchone()
            found[table] = tuple(row or ())
        return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit("run python -m benchmarks.side_by_side")
