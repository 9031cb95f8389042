"""A subgroup file of 100,000 rows with 5% errors: screened, landed and checked against a live roster and last night's file.

Start-up (imports, the roster, the clean file of the night before) is not part of what is timed. The aim is under 10 s.
Run: python -m benchmarks.report --students 100000
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generate import COLUMNS, DistrictInput, generate
from subgroup_pipeline.districts.district_file import read_district_file
from subgroup_pipeline.districts.registered import apply_settings, registered_districts
from subgroup_pipeline.intake.archive import incoming_file
from subgroup_pipeline.landing.land import land_deliveries
from subgroup_pipeline.quality.judge import judge_deliveries
from subgroup_pipeline.reading.zip_proof import prove_zip
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.ledger import Feed, UploadedFile, get_delivery
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from subgroup_pipeline.registry.schema import Delivery

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


class Bench:
    """One installation with one district."""

    def __init__(self, home: Path, district: DistrictInput) -> None:
        self.settings: Settings = load_settings(home=home)
        self.settings.paths.make()
        self.registry: Registry = open_registry(self.settings)
        settings, text = read_district_file(district.settings)
        apply_settings(self.registry, settings, text, actor="benchmark")
        self.district = district.district_id

    def deliver(self, feed: Feed, path: Path) -> str:
        """Archive a file and enter it, as intake does."""
        with incoming_file(self.settings.paths.archive) as incoming:
            incoming.write(path.read_bytes())
            kept = incoming.keep()
            files = [UploadedFile(path.name, incoming.sha256, incoming.size)]
        if path.suffix == ".zip":
            members = prove_zip(kept, path.name).members
            files += [UploadedFile(m.name, m.sha256, m.size, member_of=path.name) for m in members]
        content = hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest()
        with self.registry.begin() as session:
            delivery, _ = register_delivery(
                session, self.district, feed, sha256=content, content_sha256=content, proof="settled", files=files
            )
            return delivery.delivery_id

    def judge(self) -> list[Seconds]:
        """Land and judge what was delivered; gives the time that each took."""
        districts = registered_districts(self.registry)
        begun = Seconds.now()
        with open_warehouse(self.settings) as connection:
            land_deliveries(connection, self.registry, self.settings, districts)
        landed = Seconds.now()
        judge_deliveries(self.registry, self.settings, districts, run_name="benchmark")
        return [landed.since(begun), Seconds.now().since(landed)]

    def delivery(self, delivery_id: str) -> Delivery:
        """A delivery as the ledger has it."""
        with self.registry.begin() as session:
            return get_delivery(session, delivery_id)


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
        bench = Bench(Path(scratch) / "home", district)
        bench.deliver("roster", district.roster)
        bench.deliver("subgroups", district.subgroup_csv)
        bench.judge()
        broken = Path(scratch) / "subgroups.csv"
        rows = break_file(district.subgroup_csv, broken)
        delivery_id = bench.deliver("subgroups", broken)
        landed, judged = bench.judge()
        delivery = bench.delivery(delivery_id)
        print(f"{rows:,} rows of {len(COLUMNS)} columns, {delivery.state}, {len(delivery.findings)} findings")
        print(f"  screened and landed {landed}")
        print(f"  checked             {judged}")


if __name__ == "__main__":
    main()
