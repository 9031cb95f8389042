"""Rosters over REST: one district of 20,000 students, and 100 districts of 2,000, with 20 ms before each answer.

The server is the one of the tests, in a process of its own. Measured is a process that fetches and lands, with the processes that
read for it: wall seconds, peak memory of all together, and how many requests one host had to answer at the same time.
Run: python -m benchmarks.rest
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.night import measure
from subgroup_pipeline.desk.secrets import keep_secret
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.intake.fetch import fetch_deliveries
from tests.oneroster_server.oauth import Signed
from tests.oneroster_server.server import serving
from tests.support import small_district as small
from tests.support.home import Home
from tests.support.roster_server import CLIENT_ID, CLIENT_SECRET, METADATA, settings

SEATS = 7
"""Enrollments of a student."""
DELAY = 0.020
LARGE, SMALL = (1, 20_000), (100, 2_000)
"""Districts, and students of each."""


def roster(students: int) -> dict[str, str]:
    """A district's files: classes of 28, and two metadata columns."""
    made = small.SmallRoster()
    classes = max(students * SEATS // 28, 1)
    for number in range(2, classes):
        made.add_class(number, f"course{number % 2}", f"Class {number}", f"C{number}")
    for n in range(students):
        made.add_student(n)
        made.rows["users"][-1] |= {"metadata.ell": "ny"[n % 5 == 0], "metadata.sped": "ny"[n % 7 == 0]}
        for seat in range(SEATS):
            made.enroll(f"{n:05}-{seat}", (n + seat * (classes // SEATS)) % classes, f"s{n:03}")
    return made.texts()


def serve(districts: int, students: int) -> None:
    """The server, until its input ends: prints its address, and at the end the most requests at a time and all of them."""
    with serving(DELAY) as server:
        files = roster(students)
        for number in range(districts):
            server.add(f"d{number:03}", Signed(CLIENT_ID, CLIENT_SECRET), files)
        print(server.url, flush=True)
        sys.stdin.read()
        asked = [len(district.asked) for district in server.districts.values()]
        print(json.dumps({"at_once": server.most_at_once, "requests": sum(asked)}), flush=True)


def fetch_and_land(home: Path, told: Path) -> None:
    """What a night does first; writes the figures into a file."""
    made = Home.at(home, settle_seconds=0)
    begun = time.perf_counter()
    fetched = fetch_deliveries(made.registry, made.settings, registered_districts(made.registry))
    if fetched.faults:
        raise SystemExit(str(fetched.faults))
    after = time.perf_counter()
    rows = sum(made.land().rows.values())
    told.write_text(
        json.dumps({"fetch": after - begun, "land": time.perf_counter() - after, "new": len(fetched.new), "rows": rows})
    )


@contextmanager
def running(districts: int, students: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server in a process of its own, and its address."""
    command = [sys.executable, "-m", "benchmarks.rest", "--serve", str(districts), str(students)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - opened as a pipe
        yield process, process.stdout.readline().strip()


def compare(districts: int, students: int, page_size: int) -> None:
    """Measure one case twice: everything that is new, and a night in which nothing changed."""
    with tempfile.TemporaryDirectory(prefix="subgroups-rest-") as place, running(districts, students) as (server, url):
        made = Home.at(Path(place) / "home")
        for number in range(districts):
            name = f"d{number:03}"
            made.apply(settings(name, f"{url}/{name}/ims/oneroster/v1p1", page_size=page_size, subgroups=METADATA))
            for secret, value in {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}.items():
                keep_secret(made.registry, made.settings, name, secret, value, actor="benchmark")
        made.close()
        for what in ("everything new", "nothing new"):
            told = Path(place) / "told.json"
            script = ["-m", "benchmarks.rest", "--home", str(Path(place) / "home"), "--told", str(told)]
            process = measure([sys.executable, "-W", "ignore", *script])
            said = json.loads(told.read_text())
            print(
                f"| {districts} x {students:,} | {what} | {said['fetch']:.1f} s | {said['land']:.1f} s | {process.cpu:.1f} s "
                f"| {process.memory:.2f} GiB | {said['new']} | {said['rows']:,} |",
                flush=True,
            )
        out, _ = server.communicate("")
        print(f"\nThe host answered {json.loads(out)['requests']:,} requests, at most {json.loads(out)['at_once']} at a time.\n")


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--page-size", type=int, default=5000)
    parser.add_argument("--only", choices=["large", "small"])
    arguments = parser.parse_args()
    if arguments.serve:
        serve(*arguments.serve)
    elif arguments.home:
        fetch_and_land(arguments.home, arguments.told)
    else:
        print("| districts | night | fetch | land | CPU | memory | new | rows landed |\n|-|-|-|-|-|-|-|-|")
        for name, case in (("large", LARGE), ("small", SMALL)):
            if arguments.only in (None, name):
                compare(*case, arguments.page_size)


if __name__ == "__main__":
    main()
