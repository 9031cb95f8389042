"""A whole night (`subgroups run`, with a real SFTP server) against the hand-written script, over the same files, in one run.

Wall and CPU seconds and peak memory are of whole processes, as the kernel counts them. Start-up is a night of one tiny
district. The published counts of both are compared, so that neither is fast because it does less.
Run: python -m benchmarks.night --districts 20 --students 5000
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.by_hand import run as run_by_hand
from benchmarks.generate import AS_OF, COLUMNS, DistrictInput, generate
from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.stages import MEASURED

SUBGROUPS = Path(sys.executable).parent / "subgroups"
COUNTS = "select district_id, subgroup, value, student_count from marts.rpt_district_subgroup order by all"


Stages = dict[str, dict[str, float]]
"""Of each stage of a night what it took: wall, cpu, read, written."""


@dataclass(frozen=True)
class Measure:
    """One process: wall and CPU seconds, and peak memory of its largest process in GiB."""

    wall: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.wall:7.1f} s wall  {self.cpu:7.1f} s CPU  {self.memory:5.2f} GiB"


def measure(command: list[str], environment: dict[str, str] | None = None) -> Measure:
    """Run a command to its end. Raises SystemExit with its output when it fails."""
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | (environment or {}))
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()[-4000:]}")
    return Measure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024**2)


def measured_stages(home: Path) -> Stages:
    """What the newest run of an installation wrote into its log. Raises IndexError when there was none."""
    lines = (home / "logs" / "subgroups.jsonl").read_text(encoding="utf-8").splitlines()
    ran = [json.loads(line) for line in lines if f'"{MEASURED}"' in line]
    stages: Stages = ran[-1]["stages"]
    return stages


class Home:
    """An installation of the benchmark, its SFTP server running beside it."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.environment = {
            "SUBGROUPS_HOME": str(root),
            "SUBGROUPS_SFTP_PORT": str(port),
            "SUBGROUPS_SETTLE_SECONDS": "0",
            "PYTHONWARNINGS": "ignore",
        }

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run the SFTP server, as `subgroups up --only sftp`."""
        server = subprocess.Popen(
            [SUBGROUPS, "up", "--only", "sftp"], env=os.environ | self.environment, stderr=subprocess.PIPE, text=True
        )
        try:
            for line in server.stderr or ():
                if line.startswith("Ctrl-C"):
                    break
            yield
        finally:
            server.terminate()
            server.wait()

    def deliver(self, inputs: list[DistrictInput]) -> None:
        """Register districts and put their files where the SFTP server keeps uploads (uploading is the districts' time)."""
        settings = [str(district.settings) for district in inputs]
        subprocess.run(
            [SUBGROUPS, "district", "apply", *settings], env=os.environ | self.environment, check=True, capture_output=True
        )
        for district in inputs:
            # As a first sign-in would: without an outbox no report is delivered.
            make_home(self.root / "sftp", district.district_id)
            for feed, file in (("roster", district.roster), ("subgroups", district.subgroup_csv)):
                shutil.copy(file, self.root / "sftp" / district.district_id / "inbox" / feed / file.name)

    def night(self) -> Measure:
        """Measure one `subgroups run`."""
        return measure([str(SUBGROUPS), "run"], self.environment)

    def redeliver(self, district: DistrictInput, gone: int = 1) -> None:
        """Upload a district's subgroup file with its last row gone, or more of them."""
        lines = district.subgroup_csv.read_text().splitlines(keepends=True)
        inbox = self.root / "sftp" / district.district_id / "inbox" / "subgroups"
        (inbox / district.subgroup_csv.name).write_text("".join(lines[:-gone]))

    def bookkeeping(self) -> dict[str, dict[str, float]]:
        """Run a night with a clock on Dagster, registry and archive; seconds by `wall` and `CPU`, and kind or `night`."""
        report = self.root.parent / "bookkeeping.json"
        measure([sys.executable, "-m", "benchmarks.bookkeeping", str(report)], self.environment)
        return json.loads(report.read_text())  # type: ignore[no-any-return]

    def counts(self) -> list[tuple[object, ...]]:
        """The published district report."""
        with duckdb.connect(str((self.root / "published" / "analytics.duckdb").resolve()), read_only=True) as connection:
            return connection.execute(COUNTS).fetchall()


def by_hand(inputs: list[DistrictInput], output: Path, *, everything: bool = False) -> Measure:
    """Measure the hand-written script in a process of its own; with `everything` it publishes what a night does by now."""
    listed = output.with_suffix(".json")
    listed.write_text(json.dumps([[d.district_id, d.name, str(d.roster), str(d.subgroup_csv), str(d.settings)] for d in inputs]))
    more = ["--everything"] if everything else []
    return measure([sys.executable, "-m", "benchmarks.night", "--only-by-hand", str(listed), str(output), *more])


def compare(districts: int, students: int, scratch: Path, results: int) -> None:
    """Measure and print; `results` as `generate` takes them. The hand-written script reads no gradebook."""
    print(f"{districts} districts of {students:,} students" + (f", {results} works in each class" if results else ""))
    tiny = generate(scratch / "tiny", 1, 20, results=results)
    inputs = generate(scratch / "full", districts, students, results=results)
    small = Home(scratch / "home-tiny", 22470)
    with small.serving():
        small.deliver(tiny)
        start_up = small.night()
        nothing = small.night()
        small.redeliver(tiny[0])
        warm = small.night()
    full = Home(scratch / "home-full", 22471)
    with full.serving():
        full.deliver(inputs)
        night = full.night()
        released = measured_stages(full.root).get("release", {"wall": 0.0, "cpu": 0.0})
        counts = full.counts()
        idle = full.night()
        full.redeliver(inputs[0])
        one = full.night()
    kept = Home(scratch / "home-kept", 22472)
    with kept.serving():
        kept.deliver(inputs)
        kinds = kept.bookkeeping()
    hand = by_hand(inputs, scratch / "analytics.duckdb")
    with duckdb.connect(str(scratch / "analytics.duckdb"), read_only=True) as connection:
        if connection.execute(COUNTS).fetchall() != counts:
            raise SystemExit("the night and the hand-written script published different counts")
    print(f"  start-up (one tiny district)  {start_up}")
    print(f"  the same, nothing new         {nothing}")
    print(f"  the same, changed             {warm}")
    print(f"  night                         {night}")
    print(f"  nothing new                   {idle}")
    print(f"  one district changed          {one}")
    print(f"  by hand                       {hand}")
    print(f"  of the night, its releases    {released['wall']:7.1f} s wall  {released['cpu']:7.1f} s CPU")
    spent = night.wall - start_up.wall - released["wall"], night.cpu - start_up.cpu - released["cpu"]
    wall, cpu = spent[0] / hand.wall, spent[1] / hand.cpu
    print(f"  ratio beyond both             {wall:7.2f} wall    {cpu:7.2f} CPU")
    share = (one.cpu - warm.cpu) / spent[1]
    print(f"  one district, of the night beyond both: {share:.0%} of CPU")
    for clock, seconds in kinds.items():
        total = seconds.pop("night")
        shares = ", ".join(f"{kind} {one / total:.1%}" for kind, one in seconds.items())
        print(f"  bookkeeping, of a night of {total:.1f} s {clock}: {shares}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, default=20)
    parser.add_argument("--students", type=int, default=5000)
    parser.add_argument("--results", type=int, default=0, metavar="WORKS", help="so many works in the gradebook of each class")
    parser.add_argument("--only-by-hand", nargs=2, metavar=("INPUTS", "OUTPUT"))
    parser.add_argument("--everything", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_by_hand:
        listed, output = map(Path, arguments.only_by_hand)
        rows = json.loads(listed.read_text())
        inputs = [DistrictInput(k, n, Path(r), Path(s), Path(y), columns=COLUMNS) for k, n, r, s, y in rows]
        run_by_hand(inputs, output, AS_OF, everything=arguments.everything)
        return
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".subgroups-benchmark-") as scratch:
        compare(arguments.districts, arguments.students, Path(scratch), arguments.results)


if __name__ == "__main__":
    main()
