"""What a ledger of years costs a night: its questions and writes against a ledger of a few days, as ratios in one run.

Both ledgers hold the same deliveries of the last days (two feeds per district and night); the long one also holds all that came
before. So a ratio near 1 says that the cost follows what came lately, and not how long the installation has run.
Run: python -m benchmarks.ledger --rows 200000 --districts 100
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import sqlalchemy as sa
from sqlalchemy.orm import Session

from subgroup_pipeline.districts.lateness import note_late_feeds
from subgroup_pipeline.districts.registered import RegisteredDistrict, registered_districts
from subgroup_pipeline.publish.quality_tables import write_quality_tables
from subgroup_pipeline.registry import nights
from subgroup_pipeline.registry.damage import damage_since
from subgroup_pipeline.registry.ledger import (
    FEEDS,
    LIVE_STATES,
    UploadedFile,
    deliveries_in,
    get_deliveries,
    last_good_delivery,
    latest_deliveries,
    live_deliveries,
    supersede_held,
    was_accepted_before,
)
from subgroup_pipeline.registry.needed import needed_uploads
from subgroup_pipeline.registry.receiving import register_delivery, set_waiting
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.outbox import deliver_reports
from subgroup_pipeline.shard import Shard
from tests.support.home import Home

RECENT_ROWS = 1000
"""Deliveries of both ledgers that are younger than what a publish shows."""
_REPEATS = 3
_DISTRICT = """district: d{number:04}
name: Made-up district {number}
timezone: America/Chicago
schedule: "02:00"
server: {{host: sftp.example.org, port: 22, username: d{number:04}, private_key: d, host_key: "ssh-ed25519 AAAA"}}
subgroups: {{columns: {{ell: {{subgroup: english_learner, values: {{Y: "yes", N: "no"}}}}}}}}
"""
_RECORD = (
    '{"is_delta": false, "delta_tables": [], "bulk_tables": ["users"], "files": {"users.csv": {"table": "users", "lines": 101, '
    '"records": 100, "blank": 0, "skipped": 0, "continued": 0, "set_aside": 0, "landed": 100}}, "active_students": 90}'
)

MADE_HERE = "sha256 like '00000000%'"
"""What tells the deliveries that are made here."""

# Night 0 is the last one. A feed's newest delivery is `newest`, and those before it are superseded.
_DELIVERIES = f"""
with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < :rows),
placed as (
    select i, i / (2 * :districts) as night, printf(:name, (i / 2) % :districts + :first) as district_id,
        case i % 2 when 0 then 'roster' else 'subgroups' end as feed
    from n
),
timed as (
    select *, case when i < {RECENT_ROWS} then night else night + 40 end as days from placed
)
insert into delivery (delivery_id, district_id, feed, state, verdict, proof, sha256, content_sha256, received_at,
    settings_version, rules_version, seen_again_count, record)
select strftime('%Y%m%dT%H%M%S000000', :now, '-' || days || ' days') || '-' || printf('%06x', i), district_id, feed,
    case night when 0 then :newest else 'superseded' end, 'accepted', 'zip_crc', printf('%064x', i), printf('%064x', i),
    strftime('%Y-%m-%d %H:%M:%S.000000', :now, '-' || days || ' days'), 1, 'rules', 0, :record
from timed
"""
_FILES = f"""
insert into delivery_file (delivery_id, name, member_of, sha256, size)
select delivery_id, name, '', sha256 || name, 1000 from delivery, (select 'a.csv' as name union all select 'b.csv')
where {MADE_HERE}
"""
_FINDINGS = f"""
insert into finding (district_id, delivery_id, stage, code, severity, message, how_to_fix, lines, found_at)
select district_id, delivery_id, 'quality', code, 'info', 'Something was found.', 'Mend it.', '[1, 2]', received_at
from delivery, (select 'HDR003' as code union all select 'EOF001') where {MADE_HERE}
"""
_EVENTS = f"""
insert into audit_event (at, kind, actor, district_id, delivery_id, detail)
select received_at, 'delivery.' || kind, 'pipeline', district_id, delivery_id, '{{"from": "received", "to": "published"}}'
from delivery, (select 'received' as kind union all select 'state' union all select 'state') where {MADE_HERE}
"""
_NIGHTS = f"""
insert into audit_event (at, kind, actor, detail)
select max(received_at), 'night.ended', 'pipeline', '{{"outcome": "published"}}' from delivery where {MADE_HERE}
group by date(received_at)
"""


def fill_ledger(
    connection: sa.Connection,
    rows: int,
    districts: int,
    now: datetime,
    *,
    name: str = "d%04d",
    first: int = 0,
    newest: str = "published",
) -> None:
    """Enter so many deliveries of the nights up to now, with files, findings and events; `name` is printf's, of a number."""
    values = {"rows": rows, "districts": districts, "now": f"{now:%Y-%m-%d %H:%M:%S}", "record": _RECORD}
    connection.execute(sa.text(_DELIVERIES), values | {"name": name, "first": first, "newest": newest})
    for statement in (_FILES, _FINDINGS, _EVENTS, _NIGHTS):
        connection.exec_driver_sql(statement)


@dataclass
class Ledger(Home):
    """An installation whose ledger holds `rows` deliveries of as many districts."""

    districts: list[RegisteredDistrict]

    @classmethod
    def made(cls, home: Path, rows: int, districts: int) -> Ledger:
        """Make it by SQL in the database: one by one they would take an hour."""
        empty = Home.at(home)
        for number in range(districts):
            empty.apply(_DISTRICT.format(number=number))
        with empty.registry.engine.begin() as connection:
            fill_ledger(connection, rows, districts, datetime.now(UTC))
        return cls(empty.settings, empty.registry, registered_districts(empty.registry))

    @property
    def ids(self) -> list[str]:
        """Keys of the districts."""
        return [district.district_id for district in self.districts]

    def tasks(self) -> dict[str, Callable[[], object]]:
        """What a night asks and writes, by what it is for."""
        return {
            "receive 100 deliveries": self._receive,
            "who is late": lambda: note_late_feeds(self.registry, self.districts, datetime.now(UTC)),
            "what waits and what is live": self._waiting,
            "what a verdict asks, 100 deliveries": self._judge,
            "newest delivery of each feed": lambda: self._ask(lambda session: latest_deliveries(session, self.ids)),
            "publish the quality tables": self._publish,
            "reports, none due": lambda: deliver_reports(self.registry, self.settings, self.districts),
            "20 reports": self._report,
            "what the archive must keep": lambda: self._ask(lambda s: needed_uploads(s, datetime.now(UTC) - timedelta(days=30))),
            "what the command says afterwards": self._tell,
        }

    def _ask(self, question: Callable[[Session], object]) -> None:
        with self.registry.begin() as session:
            question(session)

    def _receive(self) -> None:
        with self.registry.begin() as session:
            for number, district_id in enumerate(self.ids[:50]):
                for feed in FEEDS:
                    sha = f"new {number} {feed}"
                    files = [UploadedFile("a.csv", sha, 1)]
                    register_delivery(session, district_id, feed, sha256=sha, content_sha256=sha, proof="settled", files=files)
                    set_waiting(session, district_id, feed, [])
            session.rollback()

    def _waiting(self) -> None:
        with self.registry.begin() as session:
            deliveries_in(session, ["received", "screened"], self.ids)
            deliveries_in(session, ["screened", "landed", "held", *LIVE_STATES])
            for feed in FEEDS:
                live_deliveries(session, feed)

    def _judge(self) -> None:
        with self.registry.begin() as session:
            newest = latest_deliveries(session, self.ids[:50])
            for delivery in get_deliveries(session, [delivery.delivery_id for delivery in newest]):
                was_accepted_before(session, delivery)
                last_good_delivery(session, delivery)
                supersede_held(session, [delivery])

    def _publish(self) -> None:
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as analytics")
            write_quality_tables(connection, self.registry, {}, {}, Shard())

    def _report(self) -> None:
        with self.registry.begin() as session:
            newest = latest_deliveries(session, self.ids[:10])
        by_id = {district.district_id: district for district in self.districts}
        assert len(list(build_reports(self.registry, self.settings, by_id, newest))) == len(newest)  # noqa: S101

    def _tell(self) -> None:
        damage_since(self.registry, datetime.now(UTC) - timedelta(hours=1))
        with self.registry.begin() as session:
            nights.changed_since(session, nights.standing(session))
            nights.last_night(session)

    def rows(self) -> int:
        """Deliveries of the ledger."""
        with self.registry.begin() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Delivery)) or 0


def cpu_of(task: Callable[[], object]) -> float:
    """CPU seconds of this process: the least of a few runs, after one that fills caches."""
    task()
    taken = []
    for _ in range(_REPEATS):
        begun = time.process_time()
        task()
        taken.append(time.process_time() - begun)
    return min(taken)


def main() -> None:
    """Measure both ledgers and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--districts", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        short = Ledger.made(Path(directory) / "short", RECENT_ROWS, given.districts)
        long = Ledger.made(Path(directory) / "long", given.rows, given.districts)
        print(f"CPU of a night's questions with {short.rows()} and with {long.rows()} deliveries, {given.districts} districts\n")
        print("| | short | long | ratio |\n|-|-|-|-|")
        total = [0.0, 0.0]
        for (name, of_short), of_long in zip(short.tasks().items(), long.tasks().values(), strict=True):
            taken = [cpu_of(of_short), cpu_of(of_long)]
            total = [a + b for a, b in zip(total, taken, strict=True)]
            print(f"| {name} | {taken[0] * 1000:.0f} ms | {taken[1] * 1000:.0f} ms | {taken[1] / taken[0]:.2f} |")
        print(f"| all | {total[0] * 1000:.0f} ms | {total[1] * 1000:.0f} ms | {total[1] / total[0]:.2f} |")


if __name__ == "__main__":
    main()
