"""What the ledger still needs: deliveries that are live or wait, whose rows and bytes must stay, and what those rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from subgroup_pipeline.registry.schema import Delivery, DeliveryFile

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.ledger import State

NEEDED: tuple[State, ...] = ("received", "screened", "landed", "held", "accepted", "published")
"""States of a delivery that readers see, or that a run or a person still has to decide about."""


def needed_deliveries(session: Session) -> list[Delivery]:
    """Deliveries that are live or wait, with the rosters that their deltas were applied to, back to a full set."""
    query = sa.select(Delivery).where(Delivery.delivery_id.in_(_with_bases(None)), Delivery.sha256.is_not(None))
    return list(session.scalars(query.order_by(Delivery.feed, Delivery.received_at, Delivery.delivery_id)))


def needed_uploads(session: Session, since: datetime) -> set[tuple[str, str]]:
    """District and sha256 of every uploaded file of such deliveries, and of all that were received since then, with bases."""
    query = sa.select(Delivery.district_id, DeliveryFile.sha256).join(Delivery.files)
    query = query.where(DeliveryFile.member_of == "", DeliveryFile.delivery_id.in_(_with_bases(since)))
    return {(district_id, sha256) for district_id, sha256 in session.execute(query.distinct())}


def _with_bases(since: datetime | None) -> sa.Select[tuple[str]]:
    """The ids, in one recursive query: a chain of deltas can be as long as the nights of a year."""
    is_needed = Delivery.state.in_(NEEDED)
    wanted = is_needed if since is None else sa.or_(is_needed, Delivery.received_at >= since)
    chain = sa.select(Delivery.delivery_id, Delivery.base_delivery_id).where(wanted).cte("needed", recursive=True)
    base = aliased(Delivery)
    bases = sa.select(base.delivery_id, base.base_delivery_id).join(chain, base.delivery_id == chain.c.base_delivery_id)
    return sa.select(chain.union(bases).c.delivery_id)
