"""The month itself: districts deliver, people decide, nights run and are killed, and the marts are compared with the model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from subgroup_pipeline.publish.reader import open_published
from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.ledger import all_deliveries, get_delivery
from subgroup_pipeline.registry.schema import Delivery
from tests.month.districts import ROSTER_FAULTS, SUBGROUP_FAULTS, Feed, SmallDistrict, Upload
from tests.month.model import FEEDS, District, Sent
from tests.torture.homes import TortureHome, home_at
from tests.torture.kills import KillAfter

REPORTS = {
    "rpt_district_subgroup": "district_id, subgroup, value, student_count",
    "rpt_school_subgroup": "district_id, school_id, subgroup, value, student_count",
    "rpt_course_subgroup": "district_id, school_id, course_id, subgroup, value, student_count",
    "fct_student_subgroup": "district_id, student_id, subgroup, value",
}
NEVER_APPROVED = "duplicated keys"
COMPARED_EVERY = 10


@dataclass
class Outcome:
    """What a month came to. `faults` say in words what was not as the rules have it; there must be none."""

    nights: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    sent_with_faults: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    settings_changes: int = 0
    kills: int = 0
    comparisons: int = 0
    cells: int = 0
    wrong_cells: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        """The printed outcome."""
        return (
            f"{self.nights} nights, {sum(self.verdicts.values())} deliveries judged {dict(sorted(self.verdicts.items()))}, "
            f"faulty {dict(sorted(self.sent_with_faults.items()))}, decided {dict(sorted(self.decided.items()))}, "
            f"{self.settings_changes} settings changes, {self.kills} kills, {self.cells} cells compared in "
            f"{self.comparisons} comparisons, {self.wrong_cells} wrong cells, {len(self.faults)} faults, {self.seconds:.0f} s"
        )


@dataclass
class Month:
    """Districts over one home. Everything that happens follows from the seed, but for the moment at which a kill strikes."""

    home: TortureHome
    rng: Random
    districts: dict[str, District]
    say: Callable[[str], None]
    outcome: Outcome = field(default_factory=Outcome)
    usual: float = 8.0
    """Seconds that a night takes, for the moment of a kill."""

    def night(self, number: int) -> None:
        """A day of uploads and decisions, and the night after it."""
        for district in self.districts.values():
            self._day(district, number)
        if number % 5 == 3:
            self._killed_nights()
        outcome = self.home.night()
        if number % 5 != 3:  # after a kill there may be little left to do
            self.usual = outcome.seconds
        if not outcome.is_good:
            self._fault(f"night {number} failed: {outcome.errors}")
        for district in self.districts.values():
            self.outcome.verdicts.update(sent.verdict for sent in district.run())
        self.outcome.nights += 1
        self._compare_states(number)

    def _killed_nights(self) -> None:
        for _ in range(1 + (self.rng.random() < 0.3)):
            moment = KillAfter(self.rng.uniform(0.05, 0.9) * self.usual)
            outcome = self.home.night(moment)
            self.outcome.kills += outcome.was_killed
            if not outcome.was_killed and not outcome.is_good:
                self._fault(f"a night that was to be killed failed: {outcome.errors}")

    def _fault(self, text: str) -> None:
        self.outcome.faults.append(text)
        self.say(f"FAULT: {text}")

    def _day(self, district: District, number: int) -> None:
        rng = self.rng
        for sent in district.held():
            if rng.random() < 0.35:
                self._decide(district, sent)
        if number == 0 or rng.random() < 0.02:
            if number:
                district.maker.change_settings()
                district.is_changed = True
                self.outcome.settings_changes += 1
            self.home.apply(district.maker.settings_yaml())
        district.maker.pass_day()
        if rng.random() < 0.6:
            feeds: tuple[Feed, ...] = rng.choice((FEEDS, FEEDS, ("roster",), ("subgroups",)))
            uploads = [self._make(district, feed) for feed in feeds]
            self.home.upload(tuple((district.maker.name, upload.feed, upload.files) for upload in uploads))
            for upload in uploads:
                district.send(upload)
                self.outcome.sent_with_faults.update([upload.fault] if upload.fault else [])

    def _make(self, district: District, feed: Feed) -> Upload:
        """Export a feed, one in ten with a fault."""
        rng, maker = self.rng, district.maker
        make = maker.roster if feed == "roster" else maker.subgroups
        if rng.random() >= 0.1:
            return make()
        fault = rng.choice(ROSTER_FAULTS if feed == "roster" else SUBGROUP_FAULTS)
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
        row = self._rows(district)[sent.upload.feed][district.sent[sent.upload.feed].index(sent)]
        with self.home.registry.begin() as session:
            decide = decisions.approve if is_approved else decisions.reject
            decide(session, get_delivery(session, row.delivery_id), by="Ana", reason="looked at it")
        district.decide(sent, is_approved=is_approved)
        self.outcome.decided["approved" if is_approved else "rejected"] += 1

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
        """Compare every cell of the reports, and every student's values, with what the model has live."""
        expected: dict[str, dict[tuple[Any, ...], Any]] = {report: {} for report in REPORTS}
        for name, district in self.districts.items():
            live = district.live("roster")
            if live is None:
                continue
            row = self._rows(district)["roster"][district.sent["roster"].index(live)]
            received_at: datetime = row.received_at
            right = district.expected(received_at)
            assert right
            for report in REPORTS:
                cells = getattr(right, report)
                own = report.startswith("rpt")
                expected[report] |= {at if own else (name, *at): value for at, value in cells.items()}
        wrong: Counter[str] = Counter()
        with open_published(self.home.settings) as connection:
            for report, columns in REPORTS.items():
                rows = connection.execute(f"select {columns} from marts.{report}").fetchall()
                found: dict[tuple[Any, ...], Any] = {row[:-1]: row[-1] for row in rows}
                self.outcome.cells += len(expected[report])
                wrong[report] += len(rows) - len(found)
                for at in found.keys() | expected[report].keys():
                    if found.get(at) != expected[report].get(at):
                        wrong[f"{report} of {at[0]}"] += 1
        self.outcome.comparisons += 1
        self.outcome.wrong_cells += wrong.total()
        if wrong.total():
            self._fault(f"wrong cells: {dict(+wrong)}")


@contextmanager
def month_at(root: Path, districts: int, seed: int, say: Callable[[str], None]) -> Iterator[Month]:
    """A month about to begin, in a home of its own with the SFTP server running."""
    rng = Random(seed)  # noqa: S311 - a seed to repeat it by
    made = {f"m{number:03}": District(SmallDistrict(f"m{number:03}", rng.randrange(10**9))) for number in range(districts)}
    with home_at(root) as home:
        yield Month(home, rng, made, say)


def simulate(root: Path, districts: int, nights: int, seed: int, say: Callable[[str], None]) -> Outcome:
    """Live through a month, comparing every ten nights and at the end."""
    begun = time.monotonic()
    with month_at(root, districts, seed, say) as month:
        for number in range(nights):
            month.night(number)
            if (number + 1) % COMPARED_EVERY == 0 or number + 1 == nights:
                month.compare()
            month.outcome.seconds = time.monotonic() - begun
            say(f"night {number}: the last took {month.usual:.1f} s; {month.outcome}")
        return month.outcome
