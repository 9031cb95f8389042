"""The month itself: districts deliver, people decide, nights run and are killed, and the marts are compared with the model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from subgroup_pipeline.build.scope import mark_built
from subgroup_pipeline.desk import snapshots
from subgroup_pipeline.desk.secrets import keep_secret
from subgroup_pipeline.publish.reader import open_published
from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.builds import note_build
from subgroup_pipeline.registry.ledger import all_deliveries, get_delivery
from subgroup_pipeline.registry.schema import Delivery
from tests.month.comparison import expected_tables, tables_on
from tests.month.districts import ROSTER_FAULTS, SERVED_FAULTS, SUBGROUP_FAULTS, Feed, SmallDistrict, Upload
from tests.month.model import FEEDS, District, Sent
from tests.oneroster_server.oauth import Signed
from tests.oneroster_server.server import OneRosterServer, serving
from tests.oracle.tables import Rows, differences, read_tables
from tests.torture.homes import TortureHome, home_at
from tests.torture.kills import KillAfter, KillAt, Moment
from tests.torture.night import Outcome as NightOutcome

SETTINGS_CHANGED = 0.06
"""How often a district's settings change, a day."""
TAKEN_BACK = 0.06
"""How often a person rejects what is published of a feed, a day."""
CLIENT, SECRET = "our-client", "a-secret-of-a-month"
NEVER_APPROVED = "duplicated keys"
COMPARED_EVERY = 5
LONGEST = 600.0
"""Seconds after which a night hangs: a month is run beside other work."""
NEW_MONTH = datetime(2026, 11, 1, 8, tzinfo=UTC)
"""The middle of the simulated time: in Chicago it is November by then, in Honolulu it is not yet."""


@dataclass
class Outcome:
    """What a month came to. `faults` say in words what was not as the rules have it; there must be none."""

    nights: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    sent_with_faults: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    settings_changes: int = 0
    kills: int = 0
    rollbacks: int = 0
    comparisons: int = 0
    rows: int = 0
    wrong_rows: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        """The printed outcome."""
        return (
            f"{self.nights} nights, {sum(self.verdicts.values())} deliveries judged {dict(sorted(self.verdicts.items()))}, "
            f"faulty {dict(sorted(self.sent_with_faults.items()))}, decided {dict(sorted(self.decided.items()))}, "
            f"{self.settings_changes} settings changes, {self.kills} kills, {self.rollbacks} rollbacks, "
            f"{self.rows} rows compared in {self.comparisons} comparisons, {self.wrong_rows} wrong rows, "
            f"{len(self.faults)} faults, {self.seconds:.0f} s"
        )


@dataclass
class Month:
    """Districts over one home. Everything that happens follows from the seed, but for the moment at which a kill strikes."""

    home: TortureHome
    server: OneRosterServer
    """Where every third district's roster is fetched from."""
    first: datetime
    """When the first night runs."""
    rng: Random
    districts: dict[str, District]
    say: Callable[[str], None]
    outcome: Outcome = field(default_factory=Outcome)
    usual: float = 8.0
    """Seconds that a night takes, for the moment of a kill."""
    _pinned: str = ""
    """The snapshot that a rollback shows."""

    def night(self, number: int) -> None:
        """A day of uploads and decisions, and the night after it; a rollback stands through some nights."""
        for district in self.districts.values():
            self._day(district, number)
        self._release()
        if number % 5 == 2:
            self._killed_nights(number)
        if number % 5 == 3:
            self._pinned = snapshots.roll_back(self.home.registry, self.home.settings, None)
        outcome = self._run(number, hour=1)
        if number % 5 != 2:  # after a kill there may be little left to do
            self.usual = outcome.seconds
        if not outcome.is_good:
            self._fault(f"night {number} failed: {outcome.errors}")
        for district in self.districts.values():
            self.outcome.verdicts.update(sent.verdict for sent in district.run())
        self.outcome.nights += 1
        self._compare_states(number)
        for district in self.districts.values():
            district.build()

    def _run(self, number: int, *, hour: int, kill: Moment | None = None) -> NightOutcome:
        """Run the night of a day, the first of it at hour 0, as the clocks of that day show it."""
        moment = self.first + timedelta(days=number, hours=hour)
        return self.home.begin(kill, clock_shift=(moment - datetime.now(UTC)).total_seconds()).join(LONGEST)

    def _killed_nights(self, number: int) -> None:
        moments: tuple[Moment, ...] = (
            KillAfter(self.rng.uniform(0.05, 0.9) * self.usual),
            KillAt(note_build),
            KillAt(mark_built),
        )
        for moment in self.rng.sample(moments, self.rng.choice((1, 2))):
            outcome = self._run(number, hour=0, kill=moment)
            self.outcome.kills += outcome.was_killed
            if not outcome.was_killed and not outcome.is_good:
                self._fault(f"a night that was to be killed failed: {outcome.errors}")

    def _release(self) -> None:
        """End a rollback; readers must have seen the pinned snapshot until now."""
        if self._pinned:
            shown = self.home.settings.paths.current_snapshot.resolve().name
            if shown != self._pinned:
                self._fault(f"readers saw {shown} while {self._pinned} was pinned")
            snapshots.release(self.home.registry, self.home.settings)
            self.outcome.rollbacks += 1
        self._pinned = ""

    def _fault(self, text: str) -> None:
        self.outcome.faults.append(text)
        self.say(f"FAULT: {text}")

    def _day(self, district: District, number: int) -> None:
        rng = self.rng
        for sent in district.held():
            if rng.random() < 0.35:
                self._decide(district, sent)
        for feed in FEEDS:
            if district.can_take_back(feed) and rng.random() < TAKEN_BACK:
                self._take_back(district, feed)
        if number == 0 or rng.random() < SETTINGS_CHANGED:
            if number:
                district.maker.change_settings()
                district.is_changed = True
                self.outcome.settings_changes += 1
            self._apply(district, is_first=number == 0)
        district.maker.pass_day()
        if number == 0 or rng.random() < 0.6:
            feeds: tuple[Feed, ...] = rng.choice((FEEDS, FEEDS, ("roster",), ("subgroups",))) if number else FEEDS
            uploads = [self._make(district, feed) for feed in feeds]
            self._deliver(district, uploads)

    def _apply(self, district: District, *, is_first: bool) -> None:
        """Apply the district's settings as they are now; the secrets of a roster server are given once."""
        self.home.apply(district.maker.settings_yaml())
        if is_first and district.maker.is_served:
            for secret, value in (("client_id", CLIENT), ("client_secret", SECRET)):
                keep_secret(self.home.registry, self.home.settings, district.maker.name, secret, value, actor="test")

    def _deliver(self, district: District, uploads: list[Upload]) -> None:
        """Upload what has files, and offer the rest on the roster server."""
        self.home.upload(tuple((district.maker.name, upload.feed, upload.files) for upload in uploads if upload.files))
        for upload in uploads:
            if not upload.files:
                self.server.add(district.maker.name, Signed(CLIENT, SECRET), upload.texts)
            district.send(upload)
            self.outcome.sent_with_faults.update([upload.fault] if upload.fault else [])

    def _make(self, district: District, feed: Feed) -> Upload:
        """Export a feed, one in ten with a fault."""
        rng, maker = self.rng, district.maker
        make = maker.roster if feed == "roster" else maker.subgroups
        if rng.random() >= 0.1:
            return make()
        of_roster = SERVED_FAULTS if maker.is_served else ROSTER_FAULTS
        fault = rng.choice(of_roster if feed == "roster" else SUBGROUP_FAULTS)
        if fault == "older export":
            # What is live would be seen again, and be no delivery.
            past = [sent for sent in district.sent[feed][:-1] if sent.state not in ("accepted", "published")]
            older = [sent.upload for sent in past if not sent.upload.fault]
            return replace(rng.choice(older), fault=fault) if older else make()
        if fault == "mass removal" and not maker.can_shrink:
            return make()
        return make(fault)

    def _decide(self, district: District, sent: Sent) -> None:
        is_approved = sent.upload.fault != NEVER_APPROVED and self.rng.random() < 0.6
        with self.home.registry.begin() as session:
            decide = decisions.approve if is_approved else decisions.reject
            decide(session, get_delivery(session, sent.delivery_id), by="Ana", reason="looked at it")
        district.decide(sent, is_approved=is_approved)
        self.outcome.decided["approved" if is_approved else "rejected"] += 1

    def _take_back(self, district: District, feed: Feed) -> None:
        """Reject what is published."""
        sent = district.live(feed)
        assert sent
        with self.home.registry.begin() as session:
            decisions.reject(session, get_delivery(session, sent.delivery_id), by="Ana", reason="it was of another year")
        district.take_back(sent)
        self.outcome.decided["taken back"] += 1

    def _rows(self, district: District) -> dict[Feed, list[Delivery]]:
        """The ledger's deliveries as the district sent them: its n-th is ours."""
        rows: dict[Feed, list[Delivery]] = {"roster": [], "subgroups": []}
        for row in all_deliveries(self.home.registry, [district.maker.name]):
            codes = {finding.code for finding in row.findings}
            if row.feed == "roster" and codes & {"PKG001", "PKG003"}:  # nobody sent an incomplete set
                said = f"{row.delivery_id} of {row.district_id} is a delivery that was not made: {sorted(codes)}"
                if not any(said in fault for fault in self.outcome.faults):
                    self._fault(said)
                continue
            rows["roster" if row.feed == "roster" else "subgroups"].append(row)
        return rows

    def _compare_states(self, number: int) -> None:
        for name, district in self.districts.items():
            rows = self._rows(district)
            for feed in FEEDS:
                for sent, row in zip(district.sent[feed], rows[feed], strict=False):
                    sent.delivery_id, sent.received_at = row.delivery_id, row.received_at
                found = [row.state for row in rows[feed]]
                expected = [sent.state for sent in district.sent[feed]]
                if found != expected:
                    wrong = [
                        f"{row.delivery_id} {sent.upload.fault or 'good'} {sent.state} is {row.state} "
                        f"{sorted({finding.code for finding in row.findings})}"
                        for sent, row in zip(district.sent[feed], rows[feed], strict=False)
                        if sent.state != row.state
                    ]
                    self._fault(f"after night {number} {name} {feed}: {len(found)} of {len(expected)} rows; {wrong}")

    def compare(self) -> None:
        """Compare every row of the marts with what the model has built; all of it is made up."""
        self._release()
        days = [self.first.date() + timedelta(days=number) for number in range(-1, self.outcome.nights + 1)]
        tables = tables_on(days)
        expected: dict[str, Rows] = {table: {} for table in tables}
        for name, district in self.districts.items():
            if district.past.builds:
                for table, rows in expected_tables(name, district.past, days).items():
                    expected[table] |= rows
        with open_published(self.home.settings) as connection:
            found = read_tables(connection, tables)
        wrong = Counter(f"{table} of {at[0]}" for table, at, _, _ in differences(expected, found))
        self.outcome.rows += sum(map(len, expected.values()))
        self.outcome.comparisons += 1
        self.outcome.wrong_rows += wrong.total()
        if wrong.total():
            examples = {table: (at, right, said) for table, at, right, said in differences(expected, found)}
            self._fault(f"wrong rows: {dict(wrong)}; for example {examples}")


@contextmanager
def month_at(root: Path, districts: int, nights: int, seed: int, say: Callable[[str], None]) -> Iterator[Month]:
    """A month about to begin, in a home of its own with the SFTP server running."""
    rng = Random(seed)  # noqa: S311 - a seed to repeat it by
    made = {f"m{number:03}": District(SmallDistrict(f"m{number:03}", rng.randrange(10**9))) for number in range(districts)}
    with home_at(root) as home, serving() as server:
        for district in list(made.values())[2::3]:
            district.maker.serve(server.root(district.maker.name))
        yield Month(home, server, NEW_MONTH - timedelta(days=nights // 2), rng, made, say)


def simulate(root: Path, districts: int, nights: int, seed: int, say: Callable[[str], None]) -> Outcome:
    """Live through a month, comparing every few nights and at the end; what is wrong ends it."""
    begun = time.monotonic()
    with month_at(root, districts, nights, seed, say) as month:
        for number in range(nights):
            month.night(number)
            if month.outcome.faults:  # the model does not know what a night that failed left undone
                break
            if (number + 1) % COMPARED_EVERY == 0 or number + 1 == nights:
                month.compare()
            month.outcome.seconds = time.monotonic() - begun
            say(f"night {number}: the last took {month.usual:.1f} s; {month.outcome}")
        return month.outcome
