"""What a person decides about a delivery: approve, reject, replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.errors import LedgerError
from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.registry.ledger import ACCEPTED, LIVE_STATES, advance, live_delivery, supersede_held
from subgroup_pipeline.registry.schema import Delivery

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.ledger import Verdict


def approve(session: Session, delivery: Delivery, *, by: str, reason: str) -> None:
    """Accept a held delivery as it is; the next run publishes it. The approval outlives judging it again.

    Raises LedgerError when it is not held, or older than the live one (its successor would be lost).
    """
    if delivery.state != "held":
        raise LedgerError(f"delivery {delivery.delivery_id} is {delivery.state}; only a held one can be approved.")
    live = live_delivery(session, delivery.district_id, delivery.feed)  # type: ignore[arg-type]
    if live is not None and live.delivery_id > delivery.delivery_id:
        raise LedgerError(
            f"delivery {delivery.delivery_id} is older than {live.delivery_id}, which is live. "
            "Reject the live one first, or ask the district to send the file again."
        )
    has_rows_aside = any(severity_of(finding.code) == "error" for finding in delivery.findings)
    delivery.decision, delivery.decided_by = "approved", by
    verdict: Verdict = "accepted_with_rows_set_aside" if has_rows_aside else "accepted"
    advance(session, delivery, "accepted", verdict=verdict, actor=by, reason=reason)
    supersede_held(session, [delivery])


def reject(session: Session, delivery: Delivery, *, by: str, reason: str) -> Delivery | None:
    """Refuse a delivery, also one that is published; gives the accepted one before it, which is live again, if any.

    Raises LedgerError when its state does not allow it.
    """
    was_live = delivery.state in LIVE_STATES
    delivery.decision, delivery.decided_by = "rejected", by
    advance(session, delivery, "rejected", verdict="rejected", actor=by, reason=reason)
    session.flush()
    live = live_delivery(session, delivery.district_id, delivery.feed)  # type: ignore[arg-type]
    if not was_live or live is not None:
        return None
    before = sa.select(Delivery).where(
        Delivery.district_id == delivery.district_id,
        Delivery.feed == delivery.feed,
        Delivery.state == "superseded",
        Delivery.verdict.in_(ACCEPTED),
        Delivery.delivery_id < delivery.delivery_id,
    )
    previous = session.scalar(before.order_by(Delivery.delivery_id.desc()).limit(1))
    if previous is not None:
        advance(session, previous, "accepted", actor=by, reason=f"{delivery.delivery_id} was rejected")
    return previous


def replay(session: Session, delivery: Delivery, *, by: str) -> None:
    """Have a delivery landed from the archive and judged again by the next run.

    Raises LedgerError when a newer delivery has taken its place, or when no bytes of it are archived.
    """
    if delivery.sha256 is None or delivery.proof is None:
        raise LedgerError(f"delivery {delivery.delivery_id} was never proved complete, so there is nothing to replay.")
    if delivery.state in LIVE_STATES:
        delivery.settings_version = None  # no version the warehouse could hold, so landing takes it again
        return
    if delivery.state == "superseded":
        raise LedgerError(f"delivery {delivery.delivery_id} was superseded by a newer one; replay that.")
    delivery.decision = delivery.decided_by = None
    delivery.record = delivery.record.without_ended_runs()
    if delivery.state != "received":
        advance(session, delivery, "screened", actor=by, reason="replay")
