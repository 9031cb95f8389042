"""What must be live, in plain Python and by the rules of docs/architecture.md sections 3 and 4; nothing here asks the package."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.month.districts import FATAL, Feed, SmallDistrict, Upload
from tests.month.past import Delivery, Past
from tests.oracle.recompute import recompute

FEEDS: tuple[Feed, ...] = ("roster", "subgroups")
SOME_DAY = datetime(2026, 11, 1, tzinfo=UTC)
"""For what does not depend on the day."""
FLOOR = 20


@dataclass
class Sent:
    """A delivery and what must have become of it. `state` is the ledger's word after a night."""

    upload: Upload
    state: str = "landed"
    verdict: str = ""
    is_approved: bool | None = None
    """What a person said; None before anybody did."""
    is_old: bool = False
    delivery_id: str = ""
    received_at: datetime = SOME_DAY
    """As the ledger has them."""


@dataclass
class District:
    """A district with everything it sent, by feed and in order. `is_changed`: settings changed since the last night."""

    maker: SmallDistrict
    sent: dict[Feed, list[Sent]] = field(default_factory=lambda: {"roster": [], "subgroups": []})
    past: Past = field(init=False)
    is_changed: bool = False

    def __post_init__(self) -> None:
        """Nothing is built yet."""
        self.past = Past(self.maker.settings)

    def send(self, upload: Upload) -> Sent:
        """Note that this lies in the inbox."""
        queue = self.sent[upload.feed]
        queue.append(Sent(upload, is_old=any(earlier.upload.texts == upload.texts for earlier in queue)))
        return queue[-1]

    def live(self, feed: Feed) -> Sent | None:
        """The newest delivery that was accepted."""
        return next((sent for sent in reversed(self.sent[feed]) if sent.state in ("accepted", "published")), None)

    def held(self) -> list[Sent]:
        """What waits for a person."""
        return [sent for feed in FEEDS for sent in self.sent[feed] if sent.state == "held"]

    def decide(self, sent: Sent, *, is_approved: bool) -> None:
        """Do as a person says: an approved one is live from the next night on."""
        sent.is_approved = is_approved
        sent.state = sent.verdict = "accepted" if is_approved else "rejected"
        if is_approved:
            self._overtake(sent)

    def run(self) -> list[Sent]:
        """One night; gives what was judged for the first time."""
        new = []
        for feed in FEEDS:
            latest = self.sent[feed][-1] if self.is_changed and self.sent[feed] else None
            # A person's rejection outlives a change of settings; everything else not accepted is judged again.
            if latest is not None and latest.state in ("held", "rejected") and latest.is_approved is not False:
                latest.state = "landed"
            for sent in self.sent[feed]:
                if sent.state == "landed" and (feed == "roster" or self.live("roster") or sent.upload.fault in FATAL):
                    if not sent.verdict:
                        new.append(sent)
                    self._judge(sent)
        self.is_changed = False
        for feed in FEEDS:
            live = self.live(feed)
            for sent in self.sent[feed]:
                if sent.state in ("accepted", "published"):
                    is_shown = feed == "roster" or self.live("roster")
                    sent.state = "superseded" if sent is not live else "published" if is_shown else "accepted"
        return new

    def _judge(self, sent: Sent) -> None:
        upload = sent.upload
        if upload.fault in FATAL:
            sent.verdict = "rejected"
        else:
            is_held, has_rows_aside = self._about_roster(sent) if upload.feed == "roster" else self._about_subgroups(sent)
            accepted = "accepted_with_rows_set_aside" if has_rows_aside else "accepted"
            sent.verdict = "held" if (is_held or sent.is_old) and not sent.is_approved else accepted
        sent.state = sent.verdict.removesuffix("_with_rows_set_aside")
        if sent.state == "accepted":
            self._overtake(sent)

    def _about_roster(self, sent: Sent) -> tuple[bool, bool]:
        live = self.live("roster")
        before = self._active(live) if live else set()
        gone = before - self._active(sent)
        return len(gone) > max(FLOOR, 0.1 * len(before)) or sent.upload.fault == "duplicated keys", False

    def _active(self, sent: Sent) -> set[str]:
        expected = recompute(self.maker.settings, sent.upload.texts, None, SOME_DAY)
        return {student for student, is_active in expected.students.items() if is_active}

    def _about_subgroups(self, sent: Sent) -> tuple[bool, bool]:
        roster = self.live("roster")
        assert roster
        file = recompute(self.maker.settings, roster.upload.texts, sent.upload.texts["subgroups.csv"], SOME_DAY).file
        assert file
        return file.match_rate < 0.3, bool(file.set_aside)

    def _overtake(self, accepted: Sent) -> None:
        for earlier in self.sent[accepted.upload.feed]:
            if earlier is accepted:
                return
            if earlier.state == "held":
                earlier.state = "superseded"

    def take_back(self, sent: Sent) -> None:
        """Do as a person says who rejects what is live: the accepted one before it is live again."""
        sent.is_approved, sent.state, sent.verdict = False, "rejected", "rejected"
        before = [earlier for earlier in self.sent[sent.upload.feed] if earlier.state == "superseded"]
        if accepted := [earlier for earlier in before if earlier.verdict.startswith("accepted")]:
            accepted[-1].state = "accepted"

    def can_take_back(self, feed: Feed) -> bool:
        """Whether something is published that may be rejected: a district is never left without a roster."""
        live = self.live(feed)
        has_more = any(sent.state == "superseded" and sent.verdict.startswith("accepted") for sent in self.sent[feed])
        return live is not None and live.state == "published" and (feed == "subgroups" or has_more)

    def build(self) -> None:
        """Build what is live after a night, unless that is what was built last."""
        roster, subgroups = self.live("roster"), self.live("subgroups")
        if roster is not None:
            rejected = {sent.delivery_id for feed in FEEDS for sent in self.sent[feed] if sent.state == "rejected"}
            self.past.build(_delivery(roster), _delivery(subgroups) if subgroups else None, rejected)


def _delivery(sent: Sent) -> Delivery:
    return Delivery(sent.delivery_id, sent.received_at, sent.upload.texts)
