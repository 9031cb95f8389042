"""The audit log as a person reads it: narrowed by district, kind, person and time, newest first; and the proof of its chain."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.registry.audit_chain import prove_chain
from subgroup_pipeline.registry.ledger import iso_time
from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from subgroup_pipeline.registry.audit_chain import ChainProof
    from subgroup_pipeline.registry.database import Registry


@dataclass(frozen=True)
class Sought:
    """What of the log is wanted. A kind is also found by its beginning with a dot (`district.`); times are aware.

    `student` is the mark that stands for one (`student_views.student_mark`).
    """

    district_id: str = ""
    kind: str = ""
    actor: str = ""
    delivery_id: str = ""
    student: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_event: int | None = None


@dataclass(frozen=True)
class ShownEvent:
    """Who did what, and when (ISO-8601 UTC). `detail` holds old and new values, counts and names, never a secret."""

    event_id: int
    at: str
    kind: str
    actor: str
    district_id: str | None
    delivery_id: str | None
    detail: dict[str, Any]

    @property
    def in_words(self) -> str:
        """The details on one line."""
        return detail_in_words(self.detail)


def detail_in_words(detail: dict[str, Any]) -> str:
    """Details of an event on one line; what is old or new and has parts of its own is written out too."""
    return ", ".join(f"{name}: {_value_in_words(value)}" for name, value in detail.items())


def _value_in_words(value: object) -> str:
    if isinstance(value, dict):
        return f"({detail_in_words(value)})"
    if isinstance(value, list):
        return " ".join(map(_value_in_words, value)) or "none"
    return "none" if value is None else str(value)


def audit_events(registry: Registry, sought: Sought, most: int | None = None) -> Iterator[ShownEvent]:
    """Events that fit, newest first; at most so many."""
    query = sa.select(AuditEvent).order_by(AuditEvent.event_id.desc()).limit(most).execution_options(yield_per=1000)
    exact = {
        AuditEvent.actor: sought.actor,
        AuditEvent.delivery_id: sought.delivery_id,
        AuditEvent.detail["student"].as_string(): sought.student,
    }
    query = query.where(*(column == value for column, value in exact.items() if value))
    if sought.district_id:
        # A sign-in to the SFTP server names the account, which is the district.
        of_account = sa.and_(AuditEvent.actor == sought.district_id, AuditEvent.kind.startswith("sftp.", autoescape=True))
        query = query.where(sa.or_(AuditEvent.district_id == sought.district_id, of_account))
    if sought.kind.endswith("."):
        query = query.where(AuditEvent.kind.startswith(sought.kind, autoescape=True))
    elif sought.kind:
        query = query.where(AuditEvent.kind == sought.kind)
    if sought.since is not None:
        query = query.where(AuditEvent.at >= sought.since)
    if sought.until is not None:
        query = query.where(AuditEvent.at < sought.until)
    if sought.before_event is not None:
        query = query.where(AuditEvent.event_id < sought.before_event)
    with registry.begin() as session:
        for row in session.scalars(query):
            yield ShownEvent(
                row.event_id, iso_time(row.at) or "", row.kind, row.actor, row.district_id, row.delivery_id, dict(row.detail)
            )


def audit_kinds(registry: Registry) -> list[str]:
    """The kinds of events there are, found by stepping through their index: the log may have millions of rows."""
    kinds: list[str] = []
    with registry.begin() as session:
        newest = sa.select(sa.func.min(AuditEvent.kind))
        while (kind := session.scalar(newest.where(AuditEvent.kind > (kinds[-1] if kinds else "")))) is not None:
            kinds.append(kind)
    return kinds


def verify_audit(registry: Registry) -> ChainProof:
    """Hold every event against its hash."""
    with registry.begin() as session:
        return prove_chain(session)


def as_row(event: ShownEvent) -> dict[str, Any]:
    """An event for a table of text: details on one line."""
    return asdict(event) | {"detail": event.in_words}
