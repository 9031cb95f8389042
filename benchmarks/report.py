"""A subgroup file of 100,000 rows with 5% errors: screened, landed and checked against a live roster and last night's file.

Start-up (imports, the roster, the clean file of the night before) is not part of what is timed. The aim is under 10 s.
Run: python -m benchmarks.report --students 100000
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generate import COLUMNS, generate
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.quality.judge import judge_deliveries
from tests.support.home import Home

if TYPE_CHECKING:
    pass

SHARE_BROKEN = 0.05
SEED = 20261123


@dataclass(frozen=True)
class Seconds:
    """Wall and CPU time of this process. On a busy machine CPU says more."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Seconds:
        """The clocks."""
        return cls(time.perf_counter(), time.process_time())

    def since(self, earlier: Seconds) -> Seconds:
        """The time between."""
        return Seconds(self.wall - earlier.wall, self.cpu - earlier.cpu)

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s wall {self.cpu:6.2f} s CPU"


def judge(home: Home) -> list[Seconds]:
    """Land and judge what was delivered; gives the time that each took."""
    begun = Seconds.now()
    home.land()
    landed = Seconds.now()
    judge_deliveries(home.registry, home.settings, registered_districts(home.registry), run_name="benchmark")
    return [landed.since(begun), Seconds.now().since(landed)]


def break_file(clean: Path, broken: Path) -> int:
    """Copy a subgroup file with 5% of its rows broken in the ways that are met most; gives the rows written."""
    chance = random.Random(SEED)
    with clean.open(newline="") as source, broken.open("w", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target, lineterminator="\n")
        writer.writerow(next(reader))
        count = 0
        for row in reader:
            if chance.random() < SHARE_BROKEN:
                row = _broken(chance, row)  # noqa: PLW2901
            writer.writerow(row)
            count += 1
    return count


def _broken(chance: random.Random, row: list[str]) -> list[str]:
    at = chance.randrange(1, len(row))
    kind = chance.randrange(8)
    if kind == 0:
        row[0] = f"x{row[0]}"
    elif kind == 1:
        row[0] = "1.23457E+11"
    elif kind == 2:
        row[0] = f" {row[0]} "
    elif kind == 3:
        row.append("stray") if chance.random() < 0.1 else row.append("")
    else:
        row[at] = chance.choice(("?", "Maybe", "1-Jan", "#REF!", "", "TRUE"))
    return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".subgroups-benchmark-") as scratch:
        district = generate(Path(scratch) / "made", 1, arguments.students)[0]
        home = Home.at(Path(scratch) / "home")
        key = home.apply(district.settings.read_text())
        home.deliver("roster", {"roster.zip": district.roster.read_bytes()}, key)
        home.deliver("subgroups", {"subgroups.csv": district.subgroup_csv.read_bytes()}, key)
        judge(home)
        broken = Path(scratch) / "subgroups.csv"
        rows = break_file(district.subgroup_csv, broken)
        delivery_id = home.deliver("subgroups", {"subgroups.csv": broken.read_bytes()}, key)
        landed, judged = judge(home)
        delivery = home.delivery(delivery_id)
        print(f"{rows:,} rows of {len(COLUMNS)} columns, {delivery.state}, {len(delivery.findings)} findings")
        print(f"  screened and landed {landed}")
        print(f"  checked             {judged}")


if __name__ == "__main__":
    main()
