"""Receiving: archived files become a delivery in the ledger, or are known already; and what is not complete yet is shown."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import PIPELINE, Feed, Proof, UploadedFile, advance, latest_delivery, live_delivery
from subgroup_pipeline.registry.schema import Delivery, DeliveryFile, FindingRow

_UNDECIDED = ("received", "screened", "landed", "held")


def new_delivery_id(received_at: datetime) -> str:
    """An id that sorts by time and does not collide."""
    return f"{received_at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"


def register_delivery(  # noqa: PLR0913 - the facts of a delivery
    session: Session,
    district_id: str,
    feed: Feed,
    *,
    sha256: str,
    content_sha256: str,
    proof: Proof | None,
    files: Sequence[UploadedFile],
    findings: Iterable[Finding] = (),
    is_rejected: bool = False,
) -> tuple[Delivery, bool]:
    """Enter archived files as a delivery, or note that the feed's latest or live delivery was seen again.

    Gives the delivery and whether it is new. `is_rejected` enters a delivery that is refused before it is screened.
    """
    now = datetime.now(UTC)
    latest = latest_delivery(session, district_id, feed)
    known = _same_content(session, district_id, feed, latest, content_sha256)
    if known is not None:
        known.seen_again_at = now
        known.seen_again_count += 1
        record_event(session, "delivery.seen_again", actor=PIPELINE, district_id=district_id, delivery_id=known.delivery_id)
        return known, False
    if latest is not None:
        # What comes later is later, also when the clock was set back: order, ids and history go by this time.
        now = max(now, latest.received_at + timedelta(microseconds=1))
    delivery = Delivery(
        delivery_id=new_delivery_id(now),
        district_id=district_id,
        feed=feed,
        state="received",
        proof=proof,
        sha256=sha256,
        content_sha256=content_sha256,
        received_at=now,
        record=DeliveryRecord(),
        files=[DeliveryFile(name=f.name, sha256=f.sha256, size=f.size, member_of=f.member_of) for f in files],
    )
    session.add(delivery)
    session.flush()
    record_event(session, "delivery.received", actor=PIPELINE, district_id=district_id, delivery_id=delivery.delivery_id)
    said = list(findings)
    # What a server lists is what it has now, also where it is as it was before; only a file can be an old one.
    if not is_rejected and proof != "complete_listing" and _came_before(session, delivery):
        said.append(Finding("OLD801", file=files[0].name))
    store_findings(session, "intake", district_id, delivery.delivery_id, said)
    if is_rejected:
        advance(session, delivery, "rejected", verdict="rejected")
    return delivery, True


def take_files(session: Session, delivery: Delivery, sha256: str, files: Sequence[UploadedFile]) -> None:
    """Let a delivery rest on other archived files of the same content: its own are lost, and the district sent it again."""
    delivery.files.clear()
    session.flush()
    delivery.files.extend(DeliveryFile(name=f.name, sha256=f.sha256, size=f.size, member_of=f.member_of) for f in files)
    delivery.sha256 = sha256
    record_event(
        session,
        "delivery.files_replaced",
        actor=PIPELINE,
        district_id=delivery.district_id,
        delivery_id=delivery.delivery_id,
    )


def _same_content(
    session: Session, district_id: str, feed: Feed, latest: Delivery | None, content_sha256: str
) -> Delivery | None:
    """The delivery of which these bytes say nothing new: the latest, or the live one whatever came after it.

    Who sends again what is live takes back what came after it and was not decided; changes (a delta) take back nothing.
    """
    if latest is not None and latest.content_sha256 == content_sha256:
        return latest
    live = live_delivery(session, district_id, feed)
    if live is None or live.content_sha256 != content_sha256:
        return None
    undecided = sa.select(Delivery).where(
        Delivery.district_id == district_id,
        Delivery.feed == feed,
        Delivery.state.in_(_UNDECIDED),
        Delivery.sha256.is_not(None),
        Delivery.received_at > live.received_at,
    )
    for later in session.scalars(undecided) if not live.record.is_delta else ():
        advance(session, later, "superseded", reason=f"{live.delivery_id}, which is live, was sent again")
    return live


def _came_before(session: Session, delivery: Delivery) -> bool:
    """Whether an older delivery of the feed had the same content: somebody sent an older export again."""
    query = sa.select(Delivery.delivery_id).where(
        Delivery.district_id == delivery.district_id,
        Delivery.feed == delivery.feed,
        Delivery.content_sha256 == delivery.content_sha256,
        Delivery.delivery_id != delivery.delivery_id,
    )
    return session.scalar(query.limit(1)) is not None


def noted_districts(session: Session) -> set[str]:
    """Districts of which a fetch noted something that the next has to look at: uploads that wait, or findings."""
    waiting = sa.select(Delivery.district_id).where(Delivery.state == "received", Delivery.sha256.is_(None))
    said = sa.select(FindingRow.district_id).where(FindingRow.stage == "intake", FindingRow.delivery_id.is_(None))
    return set(session.scalars(waiting.union(said)))


def set_waiting(session: Session, district_id: str, feed: Feed, names: Sequence[str]) -> None:
    """Show uploads that are not proved complete yet as one delivery in state `received` without bytes; none: remove it."""
    query = sa.select(Delivery).filter_by(district_id=district_id, feed=feed, state="received", sha256=None)
    waiting = session.scalar(query)
    if not names:
        if waiting is not None:
            session.delete(waiting)
        return
    if waiting is None:
        now = datetime.now(UTC)
        waiting = Delivery(
            delivery_id=new_delivery_id(now), district_id=district_id, feed=feed, state="received", received_at=now
        )
        session.add(waiting)
    waiting.record = DeliveryRecord(files_waiting=len(names))
