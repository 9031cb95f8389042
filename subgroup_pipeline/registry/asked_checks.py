"""Checks that somebody asked for: which districts wait for a run that takes their uploads, and when one began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.nights import ENDED
from subgroup_pipeline.registry.schema import AskedCheck, AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.database import Registry

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_LONGEST = timedelta(hours=6)
"""A run that began so long ago and is not known to have ended was killed; another check may be asked for."""


def ask_check(registry: Registry, district_id: str, *, by: str) -> bool:
    """Ask for a run that takes a district's uploads; gives False, and changes nothing, while one is asked for or under way."""
    now = datetime.now(UTC)
    with registry.begin() as session:
        before = session.get(AskedCheck, district_id)
        if before is not None and ended_at(session, before, now) is None:
            return False
    insert = _INSERTS[registry.engine.dialect.name](AskedCheck)
    row = {"asked_at": now, "asked_by": by, "started_at": None}
    # Of two who ask at once, one finds that the row is no longer the one it read.
    unchanged = AskedCheck.asked_at == before.asked_at if before is not None else sa.false()
    ask = insert.values(district_id=district_id, **row).on_conflict_do_update(
        index_elements=["district_id"], set_=row, where=unchanged
    )
    with registry.begin() as session:
        is_asked = session.scalar(ask.returning(AskedCheck.district_id)) is not None
        if is_asked:
            record_event(session, "district.check_asked", actor=by, district_id=district_id)
        return is_asked


def waiting_checks(registry: Registry) -> list[AskedCheck]:
    """Checks that no run has begun for, by district."""
    query = sa.select(AskedCheck).where(AskedCheck.started_at.is_(None)).order_by(AskedCheck.district_id)
    with registry.begin() as session:
        return list(session.scalars(query))


def note_started(registry: Registry, district_ids: Iterable[str], began: datetime) -> None:
    """Note that a run that began then took the uploads of these districts, whatever started it."""
    of_these = AskedCheck.district_id.in_(list(district_ids))
    asked = sa.update(AskedCheck).where(AskedCheck.started_at.is_(None), AskedCheck.asked_at <= began, of_these)
    with registry.begin() as session:
        session.execute(asked.values(started_at=began))


def ended_at(session: Session, asked: AskedCheck, now: datetime) -> datetime | None:
    """When the run that took the uploads ended; None while it is asked for or under way.

    Runs hold the warehouse one after the other, so the first to end after it began is that run.
    """
    if asked.started_at is None:
        return None
    ended = sa.select(AuditEvent.at).where(AuditEvent.kind == ENDED, AuditEvent.at > asked.started_at)
    first = session.scalar(ended.order_by(AuditEvent.event_id).limit(1))
    return first or (asked.started_at + _LONGEST if now - asked.started_at > _LONGEST else None)
