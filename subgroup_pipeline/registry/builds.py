"""The builds of each district that hold in the history, oldest first by the newest of their deliveries.

A build leaves the list when a delivery that it was made from is rejected, and when a newer build takes its place in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import Build, Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session


def history_starts(session: Session, effective: Mapping[str, datetime]) -> dict[str, datetime]:
    """From when a build of each district writes the history, given its effective time by district.

    That is its effective time, or the time of the first build that was made from a delivery which is rejected now.
    """
    rejected = sa.select(Delivery.delivery_id).where(Delivery.state == "rejected", Delivery.district_id.in_(list(effective)))
    taken_back = (
        sa.select(Build.district_id, sa.func.min(Build.effective_at))
        .where(
            Build.district_id.in_(list(effective)),
            sa.or_(Build.roster_delivery_id.in_(rejected), Build.subgroup_delivery_id.in_(rejected)),
        )
        .group_by(Build.district_id)
    )
    first = dict(session.execute(taken_back).tuples().all())
    return {district_id: min(moment, first.get(district_id, moment)) for district_id, moment in effective.items()}


def note_build(session: Session, build: Build, history_from: datetime) -> None:
    """Note a build that was written into the history, in place of all that stood there from a moment on."""
    replaced = sa.delete(Build).where(Build.district_id == build.district_id, Build.effective_at >= history_from)
    session.execute(replaced)
    session.add(build)


def builds_of(session: Session, district_id: str) -> list[Build]:
    """The builds of a district, oldest first."""
    query = sa.select(Build).where(Build.district_id == district_id).order_by(Build.effective_at)
    return list(session.scalars(query))
