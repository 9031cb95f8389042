"""How quick the dashboard is: each view of each level, asked for by many browsers at once, over districts of some size.

The marts are made up and go through a real publish; the portal runs as `subgroups up --only portal` runs it, in a process of its
own. Clients ask for the pages of all districts in turn. Run: python -m benchmarks.dashboard --districts 10 --students 10000
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import re
import tempfile
from pathlib import Path

from benchmarks.portal import MEDIAN_MS, P95_MS, Measured, measure
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.portal.page import COOKIE
from subgroup_pipeline.portal.reports_pages import REPORT_PATHS
from subgroup_pipeline.portal.reports_views import VIEWS
from tests.support.command import Shell, free_port
from tests.support.every_page import STAFF
from tests.support.home import Home
from tests.support.portal import portal_running
from tests.support.published_marts import MadeUp, publish_made_up

FIRST_VISIT_KB = 60
"""The aim: all that a browser loads for the first page it ever asks for."""
_YES_NO = ("no", "no", "yes", "no", "not_reported", "no", "no", "no")
SUBGROUPS = {
    "english_learner": ("english_only", "reclassified", "english_learner", "initially_fluent", "english_only"),
    "race_ethnicity": ("white", "hispanic", "black", "asian", "white", "two_or_more", "hispanic", "native", "white", "pacific"),
    "home_language": tuple(f"Language {number}" for number in range(12)),
    **{
        name: _YES_NO[at:] + _YES_NO[:at]
        for at, name in enumerate(
            (
                "students_with_disabilities", "economically_disadvantaged", "homeless", "foster_care", "migrant",
                "military_connected", "gifted", "title_i", "section_504",
            )
        )
    },
}  # fmt: skip
"""Twelve, of which one is open."""


def prepare(home: Home, districts: int, students: int, schools: int, courses: int) -> list[str]:
    """Publish districts of this size; gives the addresses of all views, in which the district is `{d}`."""
    size = MadeUp(
        schools={f"school{number}": f"School {number}" for number in range(schools)},
        courses={f"course{number}": f"Course {number}" for number in range(courses)},
        students=students,
        subgroups=SUBGROUPS,
    )
    names = [f"district_{number}" for number in range(districts)]
    for name in names:
        home.add(name)
    publish_made_up(home, dict.fromkeys(names, size))
    parts = {"district_id": "{d}", "school_id": "school0", "course_id": "course0"}
    of_one = "&of=english_learner&value=english_learner"
    paths = [
        path.format(**parts) + (f"?view={view.name}{more}" if view.name else "")
        for level, path in REPORT_PATHS.items()
        for view in VIEWS
        if level in view.levels
        for more in (("", of_one) if view.name else ("",))
    ]
    of_students, of_learners = f"{paths[0]}/students", "subgroup=english_learner&value=english_learner"
    lists = ["", f"?{of_learners}", f"?{of_learners}&membership=ever&sort=score", f"?{of_learners}&school=school0&membership=now"]
    return [*paths, f"{paths[0]}?format=csv", *(of_students + one for one in lists), f"{of_students}/s17"]


def first_visit_kb(port: int, path: str, cookie: str) -> float:
    """What a browser with nothing kept loads for a page: the page and what its head names, as they are sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def load(address: str) -> tuple[int, bytes]:
        connection.request("GET", address, headers={"cookie": f"{COOKIE}={cookie}", "accept-encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        sent = len(body) + len(str(answer.headers))
        return sent, gzip.decompress(body) if answer.headers.get("content-encoding") == "gzip" else body

    sent, page = load(path)
    sent += sum(load(address)[0] for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.decode()))
    connection.close()
    return sent / 1000


def main() -> None:
    """Measure every view and print a table; exits with 1 when one misses an aim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"districts": 10, "students": 10_000, "schools": 20, "courses": 30, "clients": 10, "asks": 10}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--views", default="", help="only addresses that contain this text")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        shell = Shell(Path(directory), {"SUBGROUPS_WEB_PORT": str(free_port())})
        home = Home.at(shell.home)
        paths = prepare(home, given.districts, given.students, given.schools, given.courses)
        with portal_running(home.settings, home.registry) as portal:
            cookie = portal.person(STAFF, Role.VENDOR)
        home.close()
        with shell.up("--only", "portal") as up:
            port = int(shell.environment["SUBGROUPS_WEB_PORT"])
            found, kilobytes = [], {}
            for path in (one for one in paths if given.views in one):
                addresses = [path.replace("{d}", f"district_{number}") for number in range(given.districts)]
                found.append((path, measure(port, up.pid, addresses, cookie, given.clients, given.asks)))
                kilobytes[path] = first_visit_kb(port, addresses[0], cookie)
    _print(found, kilobytes, given)


def _print(found: list[tuple[str, Measured]], kilobytes: dict[str, float], given: argparse.Namespace) -> None:
    size = f"{given.districts} districts of {given.students:,} students, {len(SUBGROUPS)} subgroups"
    print(f"{given.clients} clients, {size}, load of the machine {os.getloadavg()[0]:.1f}\n")
    print("| view | median | p95 | CPU for one | first visit |\n|-|-|-|-|-|")
    for path, one in found:
        print(f"| {path} | {one.median_ms:.0f} ms | {one.p95_ms:.0f} ms | {one.cpu_ms:.1f} ms | {kilobytes[path]:.0f} kB |")
    missed = [path for path, one in found if not one.is_quick or kilobytes[path] > FIRST_VISIT_KB]
    print(f"\nmissed (median {MEDIAN_MS} ms, p95 {P95_MS} ms, {FIRST_VISIT_KB} kB): {', '.join(missed) or 'none'}")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
