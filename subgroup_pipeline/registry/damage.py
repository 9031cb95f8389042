"""Notes of damage and of proofs that there is none, in the audit log: for the terminal and the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.ledger import PIPELINE
from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry

_PREFIX, _AFTER = "damage.", "damage/"
"""Kinds of damage lie between these in the index; `/` follows `.`."""
_PROVED = "proof.ended"


def note_damage(registry: Registry, where: str, said: str) -> None:
    """Note what was found damaged (`warehouse`, `archive`, `snapshot`, ...), in one sentence without anything of a student."""
    with registry.begin() as session:
        record_event(session, _PREFIX + where, actor=PIPELINE, detail={"said": said})


def damage_since(registry: Registry, moment: datetime) -> list[str]:
    """What was noted since then, oldest first, each sentence once."""
    query = sa.select(AuditEvent).where(AuditEvent.kind >= _PREFIX, AuditEvent.kind < _AFTER, AuditEvent.at >= moment)
    with registry.begin() as session:
        events = session.scalars(query.order_by(AuditEvent.event_id))
        return list(dict.fromkeys(str(event.detail.get("said", event.kind)) for event in events))


def note_proof(registry: Registry, **counts: int) -> None:
    """Note that everything that is kept was read, and how much of it."""
    registry.audit(_PROVED, actor=PIPELINE, detail=dict(counts))


def last_proof(registry: Registry) -> datetime | None:
    """When everything that is kept was last read."""
    query = sa.select(AuditEvent.at).filter_by(kind=_PROVED).order_by(AuditEvent.event_id.desc()).limit(1)
    with registry.begin() as session:
        return session.scalar(query)
