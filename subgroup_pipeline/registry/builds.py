"""The builds of each district that hold in the history, oldest first by the newest of their deliveries.

A build leaves the list when a delivery that it was made from is rejected, and when a newer build takes its place in time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import Build, Delivery

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session


def history_starts(session: Session, effective: Mapping[str, datetime]) -> dict[str, datetime]:
    """From when a build of each district writes the history, given its effective time by district.

    That is just after the last build before it that holds: one that was made from a delivery which is rejected now does not, nor
    does any after that. So what a killed run wrote without noting it is written over.
    """
    rejected = sa.select(Delivery.delivery_id).where(Delivery.state == "rejected", Delivery.district_id.in_(list(effective)))
    of_these = Build.district_id.in_(list(effective))
    is_taken_back = sa.or_(Build.roster_delivery_id.in_(rejected), Build.subgroup_delivery_id.in_(rejected))
    at = Build.effective_at
    first = sa.select(Build.district_id, sa.func.min(at)).where(of_these, is_taken_back).group_by(Build.district_id)
    taken_back = dict(session.execute(first).tuples().all())
    newest = sa.select(Build.district_id, sa.func.max(at)).where(of_these).group_by(Build.district_id)
    last = dict(session.execute(newest).tuples().all())
    starts = {}
    for district_id, moment in effective.items():
        end = min(moment, taken_back.get(district_id, moment))
        before = last.get(district_id)
        if before is not None and before >= end:
            before = session.scalar(sa.select(sa.func.max(at)).where(Build.district_id == district_id, at < end))
        starts[district_id] = end if before is None else before + timedelta(microseconds=1)
    return starts


def note_build(session: Session, build: Build, history_from: datetime) -> None:
    """Note a build that was written into the history, in place of all that stood there from a moment on."""
    replaced = sa.delete(Build).where(Build.district_id == build.district_id, Build.effective_at >= history_from)
    session.execute(replaced)
    session.add(build)


def builds_of(session: Session, district_id: str) -> list[Build]:
    """The builds of a district, oldest first."""
    query = sa.select(Build).where(Build.district_id == district_id).order_by(Build.effective_at)
    return list(session.scalars(query))


def holding_builds(session: Session, district_id: str, history_from: datetime, last: datetime) -> list[Build]:
    """The builds of a district before a moment, and one at exactly `last`; oldest first."""
    return [b for b in builds_of(session, district_id) if b.effective_at < history_from or b.effective_at == last]


def districts_to_look_at(session: Session, keys: Mapping[str, tuple[str, str, datetime]]) -> list[str]:
    """Districts with a build that is to be taken back, or was read or counted under other settings.

    `keys` gives, by district, the reading key and the meaning key of today and the moment from which builds are taken back.
    """
    query = (
        sa.select(Build.district_id, Build.reading_key, Build.meaning_key, sa.func.max(Build.effective_at))
        .where(Build.district_id.in_(list(keys)))
        .group_by(Build.district_id, Build.reading_key, Build.meaning_key)
    )
    looked_at = {
        district_id
        for district_id, reading, meaning, newest in session.execute(query).tuples()
        if keys[district_id][:2] != (reading, meaning) or newest > keys[district_id][2]
    }
    return sorted(looked_at)


def note_read_again(session: Session, district_id: str, moments: Collection[datetime], **key: str) -> None:
    """Note the `reading_key` or the `meaning_key` under which builds are in the history now."""
    if moments:
        these = sa.update(Build).where(Build.district_id == district_id, Build.effective_at.in_(list(moments)))
        session.execute(these.values(key))


def doubt_builds(session: Session, district_ids: Collection[str] | None = None) -> bool:
    """Note that nothing of the history of districts (default: all) is known to be there, so that it is read again.

    Gives whether there is such a build.
    """
    doubted = sa.update(Build).values(reading_key="", meaning_key="")
    if district_ids is not None:
        doubted = doubted.where(Build.district_id.in_(list(district_ids)))
    known: sa.CursorResult[Any] = session.execute(doubted)  # type: ignore[assignment]
    return known.rowcount > 0


def forget_unread(session: Session, district_ids: Collection[str]) -> dict[str, datetime]:
    """Forget doubted builds that were not read again; gives the effective time of the last of them by district."""
    unread = sa.and_(Build.district_id.in_(list(district_ids)), Build.reading_key == "", Build.meaning_key == "")
    gone = sa.select(Build.district_id, sa.func.max(Build.effective_at)).where(unread).group_by(Build.district_id)
    found = dict(session.execute(gone).tuples().all())
    session.execute(sa.delete(Build).where(unread))
    return found
