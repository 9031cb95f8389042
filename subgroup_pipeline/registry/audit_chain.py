"""The audit log as a chain: each event carries a hash over itself and the event before it, so what was changed is found.

A hash shows that somebody who may write to the registry changed or removed an event; it does not keep them from it. Who wants to
prove that nothing was cut off at the end, either, keeps the last hash elsewhere (`subgroups audit --verify` prints it).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

_LOCKS = {
    # An update of no row takes SQLite's one lock for writing, so that nobody appends between our look at the end and our append.
    "sqlite": "update audit_event set event_id = event_id where event_id < 0",
    "postgresql": "select pg_advisory_xact_lock(7389)",
}


@dataclass(frozen=True)
class ChainFault:
    """An event that is not what was written, or that does not follow the one before it."""

    event_id: int
    what: str


@dataclass(frozen=True)
class ChainProof:
    """What came of reading the chain. `unchained` events are older than the chain; `last_sha256` stands for all of it."""

    events: int
    unchained: int
    last_event_id: int | None
    last_sha256: str | None
    faults: Sequence[ChainFault]


def append_events(session: Session, events: Sequence[AuditEvent]) -> None:
    """Append events to the log as the last thing of a transaction: until it ends, nobody else appends."""
    session.execute(sa.text(_LOCKS[session.get_bind().dialect.name]))
    newest = sa.select(sa.func.max(AuditEvent.event_id)).scalar_subquery()
    last = session.execute(sa.select(AuditEvent.event_id, AuditEvent.chain_sha256).where(AuditEvent.event_id == newest)).first()
    event_id, chain = (last.event_id, last.chain_sha256 or "") if last else (0, "")
    for event in events:
        event_id += 1
        chain = _chained(chain, event_id, event)
        event.event_id, event.chain_sha256 = event_id, chain
    session.add_all(events)


def prove_chain(session: Session) -> ChainProof:
    """Read every event and hold it against its hash. The first chained event that is still there is taken as it stands."""
    count = unchained = 0
    before: AuditEvent | None = None
    faults: list[ChainFault] = []
    for event in session.scalars(sa.select(AuditEvent).order_by(AuditEvent.event_id).execution_options(yield_per=1000)):
        count += 1
        if event.chain_sha256 is None and (before is None or before.chain_sha256 is None):
            unchained += 1
        elif fault := _fault(before, event):
            faults.append(ChainFault(event.event_id, fault))
        before = event
    return ChainProof(count, unchained, before.event_id if before else None, before.chain_sha256 if before else None, faults)


def _fault(before: AuditEvent | None, event: AuditEvent) -> str:
    if event.chain_sha256 is None:
        return "it has no hash, so it was not written by us"
    if before is None:
        return ""  # what came before it was removed when its time was over
    if event.chain_sha256 == _chained(before.chain_sha256 or "", event.event_id, event):
        return ""
    gone = event.event_id - before.event_id - 1
    return f"{gone} events before it are missing" if gone else "it, or the event before it, was changed"


def _chained(before: str, event_id: int, event: AuditEvent) -> str:
    said = [before, event_id, event.at.isoformat(), event.kind, event.actor, event.district_id, event.delivery_id, event.detail]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False).replace("\\u0000", "\ufffd")  # as PostgreSQL keeps it
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
