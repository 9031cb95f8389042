"""Nights as the audit log has them: when the last one ended, with what, and what became of the deliveries that it judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.ledger import PIPELINE
from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

ENDED = "night.ended"
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
