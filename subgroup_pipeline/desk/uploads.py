"""Uploads as the district sees them: what arrived when, what became of it in words, and what a person decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.landing.listed import is_listed
from subgroup_pipeline.registry.ledger import ACCEPTED, PIPELINE
from subgroup_pipeline.registry.schema import AuditEvent, Delivery
from subgroup_pipeline.reports.words import of_fetched, verdict_words

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry

Tone = Literal["good", "look", "stop", "wait"]
"""How a page colours something; the words beside it say the same."""
FEED_WORDS = {"roster": "Roster", "subgroups": "Subgroup file"}
ON_HOLD = "On hold"
ACCEPTED_ONLY = "Accepted"
PER_PAGE = 25


@dataclass(frozen=True)
class Upload:
    """One upload. `is_waiting`: its files are not proved complete yet, so it has no report; `rows` are those after the header.

    `version` is that of OneRoster which a roster was read as.
    """

    delivery_id: str
    feed: str
    feed_words: str
    received_at: datetime
    seen_again_at: datetime | None
    is_waiting: bool
    short: str
    tone: Tone
    in_words: str
    files: list[str]
    rows: int
    rows_set_aside: int
    version: str | None


@dataclass(frozen=True)
class UploadPage:
    """Uploads, the newest first; pages count from 1."""

    uploads: list[Upload]
    page: int
    pages: int
    total: int


@dataclass(frozen=True)
class Decision:
    """What a person decided about an upload, and why."""

    at: datetime
    by: str
    in_words: str
    reason: str


def list_uploads(registry: Registry, district_id: str, page: int = 1) -> UploadPage:
    """A page of a district's uploads; one beyond the last gives the last."""
    own = Delivery.district_id == district_id
    with registry.begin() as session:
        total = session.scalar(sa.select(sa.func.count()).select_from(Delivery).where(own)) or 0
        pages = max(1, -(-total // PER_PAGE))
        page = min(max(page, 1), pages)
        query = sa.select(Delivery).where(own).order_by(Delivery.received_at.desc(), Delivery.delivery_id.desc())
        found = session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
        return UploadPage([as_upload(delivery) for delivery in found], page, pages, total)


def find_delivery(registry: Registry, district_id: str, delivery_id: str) -> Delivery | None:
    """The delivery with this whole id, when it is one of the district's and its bytes came; None for any other."""
    with registry.begin() as session:
        found = session.get(Delivery, delivery_id)
        return found if found is not None and found.district_id == district_id and found.sha256 is not None else None


def decisions_on(registry: Registry, delivery_id: str) -> list[Decision]:
    """What people decided about a delivery, oldest first. What the pipeline does by itself is no decision."""
    query = sa.select(AuditEvent).filter_by(delivery_id=delivery_id, kind="delivery.state")
    query = query.where(AuditEvent.actor != PIPELINE).order_by(AuditEvent.event_id)
    words = {"accepted": "Let through", "rejected": "Not let through", "screened": "To be checked again"}
    with registry.begin() as session:
        return [
            Decision(event.at, event.actor, words.get(event.detail["to"], event.detail["to"]), event.detail.get("reason", ""))
            for event in session.scalars(query)
        ]


def as_upload(delivery: Delivery) -> Upload:
    """A delivery as its district sees it."""
    short, tone = _short(delivery)
    record = delivery.record
    aside = min(record.rows_set_aside, record.records)
    waiting = record.files_waiting
    still = f"{waiting} {'file is' if waiting == 1 else 'files are'} still being uploaded, or something of the set is missing."
    said = verdict_words(delivery.state, delivery.verdict, aside)
    return Upload(
        delivery_id=delivery.delivery_id,
        feed=delivery.feed,
        feed_words=FEED_WORDS[delivery.feed],
        received_at=delivery.received_at,
        seen_again_at=delivery.seen_again_at,
        is_waiting=delivery.sha256 is None,
        short=short,
        tone=tone,
        in_words=still if delivery.sha256 is None else of_fetched(said) if is_listed(delivery) else said,
        files=[file.name for file in delivery.files if not file.member_of],
        rows=record.records,
        rows_set_aside=aside,
        version=record.oneroster_version,
    )


def _short(delivery: Delivery) -> tuple[str, Tone]:
    """A verdict in one or two words, with its tone."""
    state, verdict = delivery.state, delivery.verdict
    if delivery.sha256 is None:
        return "Arriving", "wait"
    if "rejected" in (state, verdict):
        return "Not used", "stop"
    if state == "superseded":
        return "Replaced", "wait"
    if "held" in (state, verdict):
        return ON_HOLD, "look"
    if verdict not in ACCEPTED:
        return "Waiting", "wait"
    said = "Published" if state == "published" else ACCEPTED_ONLY
    return (f"{said}, rows left out", "look") if verdict == "accepted_with_rows_set_aside" else (said, "good")
