"""Nights as the audit log has them: when the last one ended, with what, and which deliveries a run changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.ledger import PIPELINE
from subgroup_pipeline.registry.needed import NEEDED
from subgroup_pipeline.registry.schema import AuditEvent, Delivery

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.database import Registry

ENDED = "night.ended"
_RECENT, _MOST_WORDS = 20, 500
_TOLD = {
    "published": "published",
    "accepted": "accepted",
    "landed": "waiting for a roster",
    "held": "held",
    "rejected": "rejected",
}
"""States in which a night leaves a delivery, in words; a delivery that another one overtook is not told of."""


@dataclass(frozen=True)
class LastNight:
    """The newest night. `deliveries`: how many it left in which state, of those that it moved."""

    ended_at: datetime
    outcome: str
    deliveries: dict[str, int]

    @property
    def in_words(self) -> str:
        """The outcome with what became of the deliveries; `nothing new` alone means that no file came."""
        told = [f"{count} {_TOLD[state]}" for state, count in self.deliveries.items()]
        outcome = "nothing new is published" if self.outcome == "nothing new" and told else self.outcome
        return f"{outcome}; deliveries: {', '.join(told)}" if told else outcome


@dataclass(frozen=True)
class Standing:
    """Where the open deliveries stood (state and verdict by id) when this was the newest event of the audit log."""

    event_id: int
    open: dict[str, tuple[str, str | None]]


def standing(session: Session) -> Standing:
    """Where the open deliveries stand now."""
    newest = session.scalar(sa.select(sa.func.max(AuditEvent.event_id))) or 0
    columns = sa.select(Delivery.delivery_id, Delivery.state, Delivery.verdict).where(Delivery.state.in_(NEEDED))
    return Standing(newest, {row.delivery_id: (row.state, row.verdict) for row in session.execute(columns)})


def changed_since(session: Session, before: Standing) -> list[Delivery]:
    """Deliveries that are new since then, or stand elsewhere now, oldest first.

    Every change of state is in the audit log; of the open ones the verdict may change alone.
    """
    moves = sa.select(AuditEvent).filter_by(kind="delivery.state").where(AuditEvent.event_id > before.event_id)
    moved: dict[str | None, str] = {}
    for move in session.scalars(moves.order_by(AuditEvent.event_id)):
        moved.setdefault(move.delivery_id, move.detail["from"])
    query = sa.select(Delivery).where(sa.or_(Delivery.state.in_(NEEDED), Delivery.delivery_id.in_(moved)))

    def is_changed(delivery: Delivery) -> bool:
        if (stood := before.open.get(delivery.delivery_id)) is not None:
            return stood != (delivery.state, delivery.verdict)
        return moved.get(delivery.delivery_id) != delivery.state  # what was refused before and is refused again is as it was

    found = session.scalars(query.order_by(Delivery.received_at, Delivery.delivery_id))
    return [delivery for delivery in found if is_changed(delivery)]


def last_end(session: Session) -> AuditEvent | None:
    """The event that notes the end of the newest night; None before the first."""
    return session.scalar(sa.select(AuditEvent).filter_by(kind=ENDED).order_by(AuditEvent.event_id.desc()).limit(1))


def last_night(session: Session) -> LastNight | None:
    """The newest night that ended; None before the first."""
    newest = sa.select(AuditEvent).filter_by(kind=ENDED).order_by(AuditEvent.event_id.desc()).limit(2)
    ended = session.scalars(newest).all()
    if not ended:
        return None
    since = ended[1].event_id if len(ended) > 1 else 0
    moves = sa.select(AuditEvent).filter_by(kind="delivery.state", actor=PIPELINE).order_by(AuditEvent.event_id)
    moves = moves.where(AuditEvent.event_id > since, AuditEvent.event_id < ended[0].event_id)
    left = {move.delivery_id: str(move.detail["to"]) for move in session.scalars(moves)}
    counts = {state: list(left.values()).count(state) for state in _TOLD}
    return LastNight(
        ended_at=ended[0].at,
        outcome=str(ended[0].detail.get("outcome", "")),
        deliveries={state: count for state, count in counts.items() if count},
    )


def note_ended(registry: Registry, run_id: str, outcome: str, seconds: float | None = None) -> None:
    """Note that a night ended, with what, and how long it took if that is known."""
    took = {} if seconds is None else {"seconds": round(seconds, 1)}
    registry.audit(ENDED, actor=PIPELINE, detail={"run_id": run_id, "outcome": outcome} | took)


def note_failed(registry: Registry, run_id: str, what: str) -> None:
    """Note a failed night, with the first line of what failed: once, whether a terminal or the daemon sees it first."""
    newest = sa.select(AuditEvent).filter_by(kind=ENDED).order_by(AuditEvent.event_id.desc()).limit(_RECENT)
    with registry.begin() as session:
        if run_id not in {str(event.detail.get("run_id")) for event in session.scalars(newest)}:
            outcome = f"failed: {what.partition(chr(10))[0][:_MOST_WORDS]}"
            record_event(session, ENDED, actor=PIPELINE, detail={"run_id": run_id, "outcome": outcome})
