"""The delivery ledger: one row per delivery, and the only code that changes a delivery's state.

`received → screened → landed → accepted → published → superseded`; from screened or landed also `held` or `rejected`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from subgroup_pipeline.errors import LedgerError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.schema import Delivery, District, FindingRow

Feed = Literal["roster", "subgroups"]
State = Literal["received", "screened", "landed", "held", "accepted", "published", "superseded", "rejected"]
Verdict = Literal["accepted", "accepted_with_rows_set_aside", "held", "rejected"]
Proof = Literal["complete_listing", "zip_crc", "sha256", "row_count", "volume", "settled"]
"""How a delivery is known to be complete, strongest first: every list was fetched whole and adds up; a zip's own sums; what
the district wrote beside the file; as many rows as the last good one; or only that it stood unchanged, as is shown."""

FEEDS: tuple[Feed, ...] = ("roster", "subgroups")
LIVE_STATES: tuple[State, ...] = ("accepted", "published")
ACCEPTED: tuple[Verdict, ...] = ("accepted", "accepted_with_rows_set_aside")
PIPELINE = "pipeline"

_NEXT: dict[str, frozenset[str]] = {
    "received": frozenset({"screened", "rejected", "superseded"}),
    "screened": frozenset({"landed", "held", "rejected", "superseded"}),
    "landed": frozenset({"accepted", "held", "rejected", "superseded", "screened"}),
    "held": frozenset({"accepted", "rejected", "superseded", "screened"}),
    "accepted": frozenset({"published", "superseded", "held", "rejected", "screened"}),
    "published": frozenset({"superseded", "rejected"}),
    "superseded": frozenset({"accepted", "published"}),
    "rejected": frozenset({"screened"}),
}


@dataclass(frozen=True)
class UploadedFile:
    """A file of a delivery as archived; `member_of` is the zip it came in, or empty."""

    name: str
    sha256: str
    size: int
    member_of: str = ""


def advance(
    session: Session,
    delivery: Delivery,
    state: State,
    *,
    verdict: Verdict | None = None,
    noted: DeliveryRecord | None = None,
    actor: str = PIPELINE,
    reason: str = "",
) -> None:
    """Move a delivery to a state, with an audit event. Being there already changes nothing but verdict and record.

    Raises LedgerError when the step is not one the ledger knows.
    """
    if verdict is not None:
        delivery.verdict = verdict
    if noted is not None:
        delivery.record = delivery.record.updated(noted)
    if delivery.state == state:
        return
    if state not in _NEXT[delivery.state]:
        raise LedgerError(
            f"delivery {delivery.delivery_id} is {delivery.state} and cannot become {state}; "
            f"from here it can become {', '.join(sorted(_NEXT[delivery.state]))}."
        )
    detail = {"from": delivery.state, "to": state} | ({"reason": reason} if reason else {})
    delivery.state = state
    record_event(
        session,
        "delivery.state",
        actor=actor,
        district_id=delivery.district_id,
        delivery_id=delivery.delivery_id,
        detail=detail,
    )


def latest_delivery(session: Session, district_id: str, feed: Feed) -> Delivery | None:
    """The newest delivery of a feed that has come, whatever became of it."""
    query = (
        sa.select(Delivery)
        .filter_by(district_id=district_id, feed=feed)
        .where(Delivery.sha256.is_not(None))
        .order_by(Delivery.received_at.desc(), Delivery.delivery_id.desc())
        .limit(1)
    )
    return session.scalar(query)


def latest_deliveries(session: Session, districts: Iterable[str]) -> list[Delivery]:
    """The newest delivery of each feed of these districts that has come, by district and feed."""
    query = sa.select(Delivery).where(is_latest(districts))
    return list(session.scalars(query.order_by(Delivery.district_id, Delivery.feed)))


def is_latest(districts: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a delivery is one of `latest_deliveries`, for questions that need not have all of it."""
    ids = list(districts)
    newest = [sa.select(newest_of_feed(feed)).where(District.district_id.in_(ids)) for feed in FEEDS]
    return Delivery.delivery_id.in_(sa.union_all(*newest))


def newest_of_feed(feed: Feed) -> sa.ScalarSelect[str]:
    """The id of a feed's newest delivery that has come, for a query that reads District."""
    # One seek in the index per feed of a district; ranking the deliveries would read all of them.
    return (
        sa.select(Delivery.delivery_id)
        .where(Delivery.district_id == District.district_id, Delivery.feed == feed, Delivery.sha256.is_not(None))
        .order_by(Delivery.received_at.desc(), Delivery.delivery_id.desc())
        .limit(1)
        .correlate(District)
        .scalar_subquery()
    )


def live_deliveries(session: Session, feed: Feed) -> dict[str, Delivery]:
    """The live delivery of a feed by district: the newest that was accepted."""
    query = (
        sa.select(Delivery)
        .where(Delivery.feed == feed, Delivery.state.in_(LIVE_STATES))
        .order_by(Delivery.received_at, Delivery.delivery_id)
    )
    return {delivery.district_id: delivery for delivery in session.scalars(query)}


def live_delivery(session: Session, district_id: str, feed: Feed, before: datetime | None = None) -> Delivery | None:
    """The live delivery of one district's feed: the newest that was accepted, or the newest received before a moment."""
    query = sa.select(Delivery).where(Delivery.district_id == district_id, Delivery.feed == feed, Delivery.state.in_(LIVE_STATES))
    # Those that nothing has replaced yet are few; ordered by SQL they would be looked for among all that the feed delivered.
    found = [delivery for delivery in session.scalars(query) if before is None or delivery.received_at < before]
    return max(found, key=lambda delivery: (delivery.received_at, delivery.delivery_id), default=None)


def last_good_delivery(session: Session, delivery: Delivery) -> Delivery | None:
    """The live delivery of the same feed that came before this one."""
    return live_delivery(session, delivery.district_id, delivery.feed, delivery.received_at)  # type: ignore[arg-type]


def was_accepted_before(session: Session, delivery: Delivery) -> bool:
    """Whether the district has had an accepted delivery of this feed."""
    query = sa.select(Delivery.delivery_id).where(
        Delivery.district_id == delivery.district_id,
        Delivery.feed == delivery.feed,
        Delivery.verdict.in_(ACCEPTED),
        Delivery.delivery_id != delivery.delivery_id,
    )
    return session.scalar(query.limit(1)) is not None


def supersede_held(session: Session, accepted: Iterable[Delivery]) -> None:
    """Close held deliveries that an accepted one of the same district and feed overtook; `accepted` has one of each at most."""
    newest = {(delivery.district_id, delivery.feed): delivery for delivery in accepted}
    districts = [district_id for district_id, _ in newest]
    query = sa.select(Delivery).where(Delivery.state == "held", Delivery.district_id.in_(districts))
    for held in session.scalars(query):
        overtaking = newest.get((held.district_id, held.feed))
        if overtaking is not None and held.received_at < overtaking.received_at:
            advance(session, held, "superseded", reason=f"overtaken by {overtaking.delivery_id}")


def deliveries_in(session: Session, states: Iterable[State], districts: Iterable[str] | None = None) -> list[Delivery]:
    """Deliveries in one of these states, in the order in which they are judged: rosters first, then as received."""
    query = sa.select(Delivery).where(Delivery.state.in_(list(states)), Delivery.sha256.is_not(None))
    if districts is not None:
        query = query.where(Delivery.district_id.in_(list(districts)))
    return list(session.scalars(query.order_by(Delivery.feed, Delivery.received_at, Delivery.delivery_id)))


def get_delivery(session: Session, delivery_id: str) -> Delivery:
    """The delivery with this id. Raises LedgerError when there is none."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise LedgerError(f"no delivery has the id `{delivery_id}`. `subgroups delivery list` shows them.")
    return delivery


def get_deliveries(session: Session, delivery_ids: Iterable[str]) -> list[Delivery]:
    """The deliveries with these ids, in this order. Raises LedgerError when one is missing."""
    ids = list(delivery_ids)
    query = sa.select(Delivery).where(Delivery.delivery_id.in_(ids))
    found = {delivery.delivery_id: delivery for delivery in session.scalars(query)}
    return [found.get(delivery_id) or get_delivery(session, delivery_id) for delivery_id in ids]


def find_by_beginning(session: Session, beginning: str) -> Delivery:
    """The one delivery whose id begins so: a person types as much as names it. Raises LedgerError."""
    # A range is looked up in the primary key; `LIKE` would read the whole ledger.
    begins = sa.and_(Delivery.delivery_id >= beginning, Delivery.delivery_id < beginning + chr(sys.maxunicode))
    found = list(session.scalars(sa.select(Delivery).where(begins).limit(2)))
    if len(found) != 1:
        what = "no delivery begins" if not found else "more than one delivery begins"
        raise LedgerError(f"{what} with `{beginning}`. `subgroups delivery list` shows them.")
    return found[0]


def all_deliveries(
    registry: Registry, districts: Iterable[str] | None = None, states: Iterable[State] | None = None
) -> list[Delivery]:
    """Every delivery of these districts and states, oldest first: the whole ledger where none are named."""
    query = sa.select(Delivery).order_by(Delivery.received_at, Delivery.delivery_id)
    if districts is not None:
        query = query.where(Delivery.district_id.in_(list(districts)))
    if states is not None:
        query = query.where(Delivery.state.in_(list(states)))
    with registry.begin() as session:
        return list(session.scalars(query))


def deliveries_since(session: Session, oldest: datetime, states: Iterable[State]) -> list[Delivery]:
    """What was received since then, and whatever is in one of these states, oldest first."""
    # Each half has an index; SQLite answers an `or` that is to be ordered by reading the whole ledger in order.
    recent = sa.select(Delivery.delivery_id).where(Delivery.received_at >= oldest)
    standing = sa.select(Delivery.delivery_id).where(Delivery.state.in_(list(states)))
    query = sa.select(Delivery).where(Delivery.delivery_id.in_(recent.union(standing)))
    return list(session.scalars(query.order_by(Delivery.received_at, Delivery.delivery_id)))


def base_deliveries(session: Session, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The rosters that these deltas were applied to, back to a full set; without those given."""
    found: dict[str, Delivery] = {}
    for delivery in deliveries:
        base_id = delivery.base_delivery_id
        while base_id and base_id not in found:
            found[base_id] = session.get_one(Delivery, base_id)
            base_id = found[base_id].base_delivery_id
    return list(found.values())


def undecided_delta(session: Session, base: Delivery, delivery: Delivery) -> bool:
    """Whether a delta between these two rosters was held, or rejected without a person's word."""
    between = sa.select(Delivery).where(
        Delivery.district_id == delivery.district_id,
        Delivery.feed == "roster",
        Delivery.delivery_id > base.delivery_id,
        Delivery.delivery_id < delivery.delivery_id,
        sa.or_(Delivery.state == "held", sa.and_(Delivery.state == "rejected", Delivery.decision.is_(None))),
    )
    return any(earlier.record.is_delta for earlier in session.scalars(between))


def district_findings(session: Session) -> list[FindingRow]:
    """Findings that belong to a district and to none of its deliveries (a server that did not answer)."""
    return list(session.scalars(sa.select(FindingRow).where(FindingRow.delivery_id.is_(None))))


def describe_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery as the command line prints it with `--json`."""
    return {
        "delivery_id": delivery.delivery_id,
        "district_id": delivery.district_id,
        "feed": delivery.feed,
        "state": delivery.state,
        "verdict": delivery.verdict,
        "sha256": delivery.sha256,
        "received_at": iso_time(delivery.received_at),
        "seen_again_at": iso_time(delivery.seen_again_at),
        "seen_again_count": delivery.seen_again_count,
        "proof": delivery.proof,
        "files": [file.name for file in delivery.files if not file.member_of],
        "counts": delivery.record.as_json(),
        "findings": [describe_finding(finding) for finding in delivery.findings],
    }


def describe_finding(finding: FindingRow) -> dict[str, Any]:
    """A finding as the command line prints it."""
    return {
        name: getattr(finding, name) for name in ("code", "severity", "file", "line", "column", "count", "message", "how_to_fix")
    }


def iso_time(moment: datetime | None) -> str | None:
    """ISO-8601 UTC with microseconds and `Z`."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
