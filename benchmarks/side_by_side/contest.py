"""The contest: which contenders run on how many districts, each in a process of its own, and what is compared afterwards."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks.generate import DistrictInput
from benchmarks.night import Home, Measure, Stages, by_hand, measure, measured_stages
from benchmarks.side_by_side.work import Delivered, Work, save_list, saved_work

BENCH = Path(__file__).parents[2] / ".bench" / "bin" / "python"
"""The environment of the other tools: `make .bench/ready`."""
LANDING = ("fetch", "screen", "land", "locate")
CHECKS = ("check", "judge")
"""Stages of our night that do what a landing tool, and what a checking tool does."""
EVERYTHING = "by hand, everything"
"""The contender with whom all are compared."""
_VALUE = "subgroup, value"
COMPARED = {
    "fct_enrollment": ("student_id, school_id, course_id, class_id", ""),
    "fct_student_subgroup": (f"student_id, {_VALUE}", ""),
    "rpt_district_subgroup": (_VALUE, "student_count"),
    "rpt_school_subgroup": (f"school_id, {_VALUE}", "student_count"),
    "rpt_course_subgroup": (f"school_id, course_id, {_VALUE}", "student_count"),
    "fct_student_subgroup_history": (f"student_id, {_VALUE}", ""),
    "rpt_subgroup_change": ("subgroup, from_value, to_value", "student_count"),
    "rpt_district_subgroup_pair": (f"{_VALUE}, with_subgroup, with_value", "student_count"),
    "rpt_school_subgroup_pair": (f"school_id, {_VALUE}, with_subgroup, with_value", "student_count"),
    "rpt_trend_subgroup": (f"level, school_id, course_id, {_VALUE}", "student_count"),
}
"""What every contender that publishes a table must publish alike: its keys beside the district, and the count if there is one."""


Prints = dict[str, tuple[int, ...]]
"""Of each report, what tells whether two have published the same."""


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
    dbt: int = 200


class Contest:
    """Contenders over one set of files, in `scratch`; what one leaves on disk is removed before the next."""

    def __init__(self, inputs: list[DistrictInput], scratch: Path, limits: Limits, say: Callable[[str], None]) -> None:
        self.inputs = inputs
        self.scratch = scratch
        self.limits = limits
        self.say = say
        self.published: dict[tuple[str, int], Prints] = {}
        """What each contender published, by its name and of how many of the first districts."""

    def run(self) -> list[Entry]:
        """All contenders. Raises SystemExit where two of them published or landed different counts."""
        entries = [*self.hand(), *self.ours()]
        if BENCH.exists():
            entries += [self.dbt(), self.dlt("rows", self.limits.dlt_rows), self.dlt("Arrow", self.limits.dlt_arrow), self.gx()]
        else:
            self.say("dlt, Great Expectations on pandas and a plain dbt project are left out: make .bench/ready first")
        self.compare(entries)
        rows = max(entry.rows for entry in entries)
        for entry in entries:
            entry.rows = entry.rows or rows
        return entries

    def hand(self) -> list[Entry]:
        """The hand-written script: the tables of before, and everything that a night publishes by now."""
        entries = []
        for name, everything in (("by hand", False), (EVERYTHING, True)):
            folder = self.scratch / "by_hand"
            folder.mkdir()
            took = by_hand(self.inputs, folder / "by_hand.duckdb", everything=everything)
            self._keep_prints(name, folder / "by_hand.duckdb", len(self.inputs))
            shutil.rmtree(folder)
            entries.append(self._said(Entry(name, "night", len(self.inputs), 0, (took.wall, took.cpu), took)))
        return entries

    def ours(self) -> list[Entry]:
        """The whole night, and from its own stages landing and checks."""
        home = Home(self.scratch / "home", free_port())
        home.environment["SUBGROUPS_RELEASE_MINUTES"] = "0"
        with home.serving():
            home.deliver(self.inputs)
            took = home.night()
        stages = measured_stages(home.root)
        published = (home.root / "published" / "analytics.duckdb").resolve()
        self._keep_prints("our night", published, len(self.inputs))
        with duckdb.connect(str(published), read_only=True) as connection:
            found = connection.execute("select sum(landed_count) from quality.delivery").fetchone()
        rows = int(found[0]) if found else 0
        shutil.rmtree(home.root)
        # Nobody else hides small groups: what that takes is said beside the night, and is not in it.
        apart = stages.get("release", {"wall": 0.0, "cpu": 0.0})
        seconds = took.wall - apart["wall"], took.cpu - apart["cpu"]
        note = f"without its releases of shared numbers, which took {apart['cpu']:.0f} s of CPU"
        entries = [Entry("our night", "night", len(self.inputs), rows, seconds, took, note, stages)]
        for name, part, names in (("our landing", "landing", LANDING), ("our checks", "checks", CHECKS)):
            spent = [stages[one] for one in names if one in stages]
            seconds = sum(one["wall"] for one in spent), sum(one["cpu"] for one in spent)
            entries.append(Entry(name, part, len(self.inputs), rows, seconds, note=f"stages {', '.join(names)}"))
        return [self._said(entry) for entry in entries]

    def dlt(self, way: str, at_most: int) -> Entry:
        """Landing with dlt into DuckDB."""
        with self._beside("by_dlt", at_most, way.lower()) as (work, took, districts, _):
            return self._said(Entry(f"dlt, {way}", "landing", districts, work.rows, work.parts["landing"], took))

    def gx(self) -> Entry:
        """Great Expectations on pandas."""
        with self._beside("by_gx", self.limits.gx) as (work, took, districts, _):
            note = f"{work.more['rules']} expectations; reading the files took {work.parts['reading'][1]:.1f} s of CPU more"
            return self._said(Entry("GX on pandas", "checks", districts, work.rows, work.parts["checking"], took, note))

    def dbt(self) -> Entry:
        """A plain dbt project, from the files to the reports."""
        with self._beside("by_dbt", self.limits.dbt) as (work, took, districts, folder):
            self._keep_prints("plain dbt", folder / "plain.duckdb", districts)
            with duckdb.connect(str(folder / "plain.duckdb"), read_only=True) as connection:
                raw = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
                rows = sum(connection.table(f"raw.{name}").shape[0] for (name,) in raw)
            note = f"{work.more['models']} models, {work.more['tests']} tests; no history, pairs, trend, lake, checks or findings"
            return self._said(Entry("plain dbt", "night", districts, rows, (took.wall, took.cpu), took, note))

    def _keep_prints(self, name: str, database: Path, districts: int) -> None:
        """Keep what a contender has published, and of the one that all are compared with also that of fewer districts."""
        for some in {districts, min(districts, self.limits.dbt) if name == EVERYTHING else districts}:
            of = [one.district_id for one in self.inputs[:some]]
            self.published[name, some] = fingerprints(database, of)

    def compare(self, entries: list[Entry]) -> None:
        """See that contenders with equally many districts have published the same, and landed as many rows.

        A contender may leave out tables that it has no word for; our night may not.
        """
        for (name, some), prints in self.published.items():
            expected = self.published[EVERYTHING, some]
            tables = expected.keys() | prints.keys() if name == "our night" else prints.keys()
            different = sorted(table for table in tables if prints.get(table) != expected.get(table))
            if different:
                raise SystemExit(f"by hand and {name} published different rows: {different}")
        rows = {entry.name: entry.rows for entry in entries if entry.rows and entry.districts == len(self.inputs)}
        if len(set(rows.values())) > 1:
            raise SystemExit(f"not everybody landed the same rows: {rows}")

    @contextmanager
    def _beside(self, module: str, at_most: int, *arguments: str) -> Iterator[tuple[Work, Measure, int, Path]]:
        """Run a contender of `.bench` on the first districts; gives also how many these were, and its folder until the end."""
        chosen = self.inputs[:at_most]
        folder = self.scratch / module
        folder.mkdir()
        save_list(
            folder / "list.json",
            [Delivered(one.district_id, one.name, one.roster, one.subgroup_csv, one.settings) for one in chosen],
        )
        files = [str(folder / "list.json"), str(folder), str(folder / "work.json")]
        took = measure([str(BENCH), "-m", f"benchmarks.side_by_side.{module}", *arguments, *files])
        yield saved_work(folder / "work.json"), took, len(chosen), folder
        shutil.rmtree(folder)

    def _said(self, entry: Entry) -> Entry:
        wall, cpu = entry.seconds
        self.say(f"{entry.name}: {wall:.1f} s wall, {cpu:.1f} s CPU on {entry.districts} districts")
        return entry


def fingerprints(database: Path, districts: list[str]) -> Prints:
    """Of each table that is there: its rows, the sum of its counts, and a hash of rows that no order of them changes."""
    prints = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        there = connection.execute("select table_name from information_schema.tables where table_schema = 'marts'").fetchall()
        for table in COMPARED.keys() & {name for (name,) in there}:
            keys, count = COMPARED[table]
            number = f"cast({count or 1} as bigint)"
            row = connection.execute(
                f"select count(*), cast(sum({number}) as bigint), bit_xor(hash(district_id, {keys}, {number})) "
                f"from marts.{table} where district_id in (select unnest(?))",
                [districts],
            ).fetchone()
            prints[table] = tuple(row or ())
    return prints


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
