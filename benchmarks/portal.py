"""How quick the portal is: every page of staff and of a district, asked for by many browsers at once, with a thousand districts.

The portal runs as `subgroups up --only portal` runs it, in a process of its own. One district went through a night, so its pages
read real marts; the others are registered, have some nights behind them in the ledger, people, invitations and mail. Each client
asks for a page again as soon as it has it, so a page waits for those before it: divide by the clients for one alone.
Run: python -m benchmarks.portal --districts 1000 --clients 10
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, cycle
from pathlib import Path

from benchmarks.ledger import Ledger
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.districts.lateness import note_late_feeds
from subgroup_pipeline.portal.page import COOKIE
from subgroup_pipeline.registry.schema import Invitation, Mail, Person
from tests.support.command import Shell, free_port
from tests.support.every_page import CLERK, STAFF, EveryPage, deliver_to_every_page, parts_of_every_page
from tests.support.installation import installation_in
from tests.support.portal import portal_running

MEDIAN_MS, P95_MS = 150, 400
"""The aims."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """One page: how long it took whoever asked, and the processor time of the portal for each time it was asked for."""

    page: str
    median_ms: float
    p95_ms: float
    cpu_ms: float

    @property
    def is_quick(self) -> bool:
        """Whether it meets both aims."""
        return self.median_ms < MEDIAN_MS and self.p95_ms < P95_MS


def prepare(home: Path, districts: int) -> tuple[EveryPage, dict[str, str]]:
    """Make the home; gives the pages, and the cookies of staff and of a district."""
    with installation_in(home) as installation:
        deliver_to_every_page(installation)
        with portal_running(installation.settings, installation.registry) as portal:
            parts = parts_of_every_page(installation, portal)
            cookies = {"staff": portal.person(STAFF, Role.VENDOR), "district": portal.person(CLERK, Role.DISTRICT, "alder")}
    ledger = Ledger.made(home, 6 * districts, districts)
    _let_people_in(ledger)
    note_late_feeds(ledger.registry, ledger.districts, datetime.now(UTC))
    ledger.close()
    return EveryPage.of(parts), cookies


def _let_people_in(ledger: Ledger) -> None:
    """For each district two people, an invitation and five mails; every thirtieth newest delivery is on hold."""
    now = datetime.now(UTC)
    with ledger.registry.begin() as session:
        for number, key in enumerate(ledger.ids):
            session.add_all(
                Person(email=f"{name}@{key}.example", role="district", district_id=key, added_at=now, added_by=STAFF)
                for name in ("clerk", "office")
            )
            expires = now + timedelta(days=number % 6 - 2)
            session.add(Invitation(token_sha256=f"{number:064}", district_id=key, made_at=now, made_by=STAFF, expires_at=expires))
            session.add_all(
                Mail(
                    key=f"{key}:{mail}", recipient=f"data@{key}.example", kind="verdict", district_id=key, subject="Your upload",
                    text="It was checked.", html="<p>It was checked.</p>", state="sent", queued_at=now, due_at=now, sent_at=now,
                )
                for mail in range(5)
            )  # fmt: skip
    with ledger.registry.engine.begin() as connection:
        connection.exec_driver_sql(
            "update delivery set state = 'held', verdict = 'held' where state = 'published' and rowid % 30 = 0 "
            "and district_id <> 'alder'"
        )


def measure(port: int, pid: int, pages: Sequence[str], cookie: str, clients: int, asks: int) -> Measured:
    """Ask for pages of one kind in turn, `asks` times from each client. Raises RuntimeError for an answer that is no page."""
    turns = cycle(pages)

    def client(_: int) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        taken = []
        for _ in range(asks):
            page = next(turns)
            began = time.perf_counter()
            connection.request("GET", page, headers={"cookie": f"{COOKIE}={cookie}"})
            answer = connection.getresponse()
            answer.read()
            taken.append(1000 * (time.perf_counter() - began))
            if answer.status != http.client.OK:
                raise RuntimeError(f"{page} answered {answer.status}")
        connection.close()
        return taken

    client(0)
    before = _cpu_seconds(pid)
    with ThreadPoolExecutor(clients) as pool:
        taken = list(chain.from_iterable(pool.map(client, range(clients))))
    cpu = _cpu_seconds(pid) - before
    return Measured(pages[0], statistics.median(taken), statistics.quantiles(taken, n=20)[-1], 1000 * cpu / len(taken))


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def main() -> None:
    """Measure every page and print a table; exits with 1 when a page misses an aim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--districts", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--asks", type=int, default=10, help="how often each client asks for a page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        shell = Shell(Path(directory), {"SUBGROUPS_WEB_PORT": str(free_port())})
        pages, cookies = prepare(shell.home, given.districts)
        with shell.up("--only", "portal") as up:
            port = int(shell.environment["SUBGROUPS_WEB_PORT"])
            found = [
                measure(port, up.pid, [page], cookie, given.clients, given.asks)
                for who, cookie in cookies.items()
                for page in getattr(pages, who)
            ]
    print(f"{given.clients} clients, {given.districts} districts, load of the machine {os.getloadavg()[0]:.1f}\n")
    print("| page | median | p95 | CPU for one |\n|-|-|-|-|")
    for one in found:
        print(f"| {one.page} | {one.median_ms:.0f} ms | {one.p95_ms:.0f} ms | {one.cpu_ms:.1f} ms |")
    missed = [one.page for one in found if not one.is_quick]
    print(f"\nmissed (median {MEDIAN_MS} ms, p95 {P95_MS} ms): {', '.join(missed) or 'none'}")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
