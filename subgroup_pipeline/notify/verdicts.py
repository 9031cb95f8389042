"""What a night has to say by mail: the verdict of each delivery that moved, to its district and to our staff.

A delivery has one mail per verdict and recipient. There is none
- for one that is accepted as the one before was: it is what everybody expects;
- for one with the same verdict and the same kinds of problems, in the same columns, as the delivery before it: it would say
  again what was said. Counts and file names, which differ every day, do not make it another. Only a digest says it.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.findings.severity import SEVERITIES, SEVERITY_WORDS
from subgroup_pipeline.landing.listed import is_listed
from subgroup_pipeline.notify.contacts import FEED_WORDS, Contacts, contacts_of
from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.registry.nights import ENDED
from subgroup_pipeline.registry.schema import AuditEvent, Delivery, FindingRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

ESCALATED_AT = 3
"""Rejected deliveries of one feed in a row, after which staff are told."""
_NIGHTS_BACK = 3
"""A night tells what moved since the third night before it ended, so that one that was killed, or whose mail could not be queued,
is told by the next. What was told already has its key."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Outcome:
    """A delivery that came to a verdict (or, the first of its feed, to waiting for a roster), with those before it.

    `before` are verdicts of its feed, the newest first; `problems` are kinds of findings with their columns.
    """

    row: Any
    before: tuple[str, ...]
    problems: frozenset[tuple[str, str | None]]
    problems_before: frozenset[tuple[str, str | None]]
    severities: Counter[str]

    @property
    def verdict(self) -> str:
        return self.row.verdict or "waiting"

    @property
    def is_first(self) -> bool:
        return not self.before

    @property
    def is_good(self) -> bool:
        return self.verdict == "accepted"

    @property
    def is_repeat(self) -> bool:
        """Whether the delivery before it had the same verdict for the same kinds of problems."""
        same = self.before[:1] == (self.verdict,)
        return same and self.problems == self.problems_before and self.row.decision is None

    @property
    def kind(self) -> str:
        """The kind of mail for the district."""
        if self.is_good:
            return "first_upload_good" if self.is_first else "recovered"
        return "held" if self.verdict == "held" else "error_report"

    @property
    def is_news(self) -> bool:
        """Whether a district hears of it."""
        if self.is_good:
            return self.is_first or self.before[0] != "accepted" or self.row.decision == "approved"
        return True


def queue_verdicts(registry: Registry, settings: Settings, now: datetime) -> int:
    """Queue what the last nights have to say; gives how many mails are new. Safe to repeat."""
    with registry.begin() as session:
        outcomes = _untold(session)
        contacts = contacts_of(session, {outcome.row.district_id for outcome in outcomes})
        return sum(_queue(session, settings, outcome, contacts[outcome.row.district_id], now) for outcome in outcomes)


def queue_verdicts_or_log(registry: Registry, settings: Settings, now: datetime) -> int:
    """The same for a night, which goes on when its mail cannot be queued: the next night queues it."""
    try:
        return queue_verdicts(registry, settings, now)
    except Exception as error:  # noqa: BLE001 - no fault of mail is one of the night
        _log.warning("the mail of this night could not be queued (%s); the next night queues it", type(error).__name__)
        return 0


def _untold(session: Session) -> list[_Outcome]:
    """What moved lately and may have something to say, oldest first."""
    rows = session.execute(_moved(session)).all()
    by_delivery: dict[str, list[FindingRow]] = defaultdict(list)
    about = {row.delivery_id for row in rows} | {row.previous_id for row in rows if row.previous_id}
    columns = (FindingRow.delivery_id, FindingRow.code, FindingRow.column, FindingRow.severity)
    for finding in session.execute(sa.select(*columns).where(FindingRow.delivery_id.in_(about))) if about else ():
        by_delivery[finding.delivery_id].append(finding)  # type: ignore[arg-type]  # a row with its columns
    return [
        _Outcome(
            row,
            tuple(filter(None, (row.before_1, row.before_2, row.before_3))),
            _problems(by_delivery[row.delivery_id]),
            _problems(by_delivery[row.previous_id or ""]),
            Counter(finding.severity for finding in by_delivery[row.delivery_id]),
        )
        for row in rows
    ]


def _moved(session: Session) -> sa.Select[Any]:
    """Deliveries that moved since the third last night ended, each with what its feed had before it.

    A delivery that is as good as the one before it has nothing to say and is left out here: on most nights most are.
    """
    nights = sa.select(AuditEvent.event_id).filter_by(kind=ENDED).order_by(AuditEvent.event_id.desc())
    since = session.scalar(nights.offset(_NIGHTS_BACK).limit(1)) or 0
    moves = sa.select(AuditEvent.delivery_id).where(AuditEvent.kind == "delivery.state", AuditEvent.event_id > since)

    def earlier(column: Any, offset: int) -> Any:  # noqa: ANN401 - a column of the delivery before
        older = sa.orm.aliased(Delivery)
        of_feed = (older.district_id == Delivery.district_id, older.feed == Delivery.feed, older.verdict.is_not(None))
        before = sa.select(getattr(older, column)).where(*of_feed, older.received_at < Delivery.received_at)
        return before.order_by(older.received_at.desc()).offset(offset).limit(1).correlate(Delivery).scalar_subquery()

    told = sa.select(
        Delivery.delivery_id, Delivery.district_id, Delivery.feed, Delivery.state, Delivery.verdict, Delivery.decision,
        Delivery.received_at, Delivery.record, Delivery.proof,
        earlier("delivery_id", 0).label("previous_id"),
        *(earlier("verdict", offset).label(f"before_{offset + 1}") for offset in range(ESCALATED_AT)),
    ).where(Delivery.delivery_id.in_(moves), Delivery.state != "superseded")  # fmt: skip
    found = told.subquery()
    is_judged, is_first = found.c.verdict.is_not(None), found.c.previous_id.is_(None)
    is_as_before = sa.and_(
        found.c.verdict == "accepted", sa.func.coalesce(found.c.before_1, "") == "accepted", found.c.decision.is_(None)
    )
    waits_first = sa.and_(found.c.state == "landed", is_first)
    return sa.select(found).where(sa.or_(sa.and_(is_judged, sa.not_(is_as_before)), waits_first)).order_by(found.c.received_at)


def _problems(findings: Iterable[FindingRow]) -> frozenset[tuple[str, str | None]]:
    return frozenset((finding.code, finding.column) for finding in findings if finding.severity != "info")


def _queue(session: Session, settings: Settings, outcome: _Outcome, to: Contacts, now: datetime) -> int:
    """Queue the mails of one delivery: the district's, then those of staff, who get none twice."""
    row = outcome.row
    said: dict[str, Any] = {
        "key": f"verdict:{row.delivery_id}:{outcome.verdict}",
        "district_id": row.district_id,
        **_values(settings, outcome, to),
    }
    new = 0
    if outcome.is_news and (to.digest is not None or not outcome.is_repeat):
        new += queue_mail(session, kind=outcome.kind, to=to.addresses, digest_at=to.next_digest(now), **said)
    if kind := _for_staff(outcome):
        new += queue_mail(session, kind=kind, to=settings.staff_addresses, **said)
    return new


def _for_staff(outcome: _Outcome) -> str:
    """The kind of mail for staff; empty for none."""
    if outcome.is_first:
        return "first_upload"
    if outcome.verdict == "held" and not outcome.is_repeat:
        return "held_for_staff"
    lately = (outcome.verdict, *outcome.before[: ESCALATED_AT - 1])
    is_third = lately == ("rejected",) * ESCALATED_AT and outcome.before[ESCALATED_AT - 1 :] != ("rejected",)
    return "rejected_in_a_row" if is_third else ""


def _values(settings: Settings, outcome: _Outcome, to: Contacts) -> Mapping[str, Any]:
    row = outcome.row
    return {
        "district_name": to.name,
        "feed": FEED_WORDS[row.feed],
        "received_at": row.received_at,
        "zone": to.timezone,
        "verdict": outcome.verdict,
        "is_first": outcome.is_first,
        "is_repeat": outcome.is_repeat,
        "is_fetched": is_listed(row),
        "is_decided": row.decision is not None,
        "rows_set_aside": row.record.rows_set_aside,
        "problems": [(SEVERITY_WORDS[name], outcome.severities[name]) for name in SEVERITIES[:4] if outcome.severities[name]],
        "rejected_in_a_row": ESCALATED_AT,
        "report_url": f"{settings.portal_url}/d/{row.district_id}/deliveries/{row.delivery_id}",
        "held_url": f"{settings.portal_url}/staff/held/{row.delivery_id}",
    }
