"""The installation in figures for a program that watches it: a few queries by indexes, however many districts there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.desk.overview import Glance, glance
from subgroup_pipeline.disk import free_bytes
from subgroup_pipeline.registry.needed import NEEDED
from subgroup_pipeline.registry.schema import AuditEvent, Delivery, Mail

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

REFUSED = ("sftp.login_refused", "sign_in_link.dead_tried", "invitation.dead_link_tried")
"""Events of the audit log that say that somebody did not get in."""
MOST_REFUSED = 10_000
"""Events of one kind that are looked at, the newest first: an attack must not make the watching slow."""
_DAY = timedelta(days=1)
_SNAPSHOT = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True)
class Figures:
    """As they stand now, without zeros.

    `deliveries` (live or open) and `received` (in the last day) are counted by state and feed: there are few of them however long
    an installation runs. `refused` counts events of the last day by kind. `glance` holds what the last night noted. Times are
    None where there is nothing of the kind.
    """

    glance: Glance
    deliveries: dict[tuple[str, str], int]
    received: dict[tuple[str, str], int]
    oldest_held_at: datetime | None
    mail: dict[str, int]
    oldest_queued_at: datetime | None
    refused: dict[str, int]
    snapshot_at: datetime | None
    disk_free_bytes: int


def figures(registry: Registry, settings: Settings) -> Figures:
    """Read them."""
    now = datetime.now(UTC)
    mail = sa.select(Mail.state, sa.func.count()).group_by(Mail.state)
    noted = glance(registry, settings)
    with registry.begin() as session:
        return Figures(
            glance=noted,
            deliveries=_counted(session, Delivery.state.in_(NEEDED)),
            received=_counted(session, Delivery.received_at >= now - _DAY),
            oldest_held_at=session.scalar(sa.select(sa.func.min(Delivery.received_at)).where(Delivery.state == "held")),
            mail=dict(session.execute(mail).tuples().all()),
            oldest_queued_at=_oldest_queued(session),
            refused={kind: _since(session, kind, now - _DAY) for kind in REFUSED},
            snapshot_at=_shown_since(settings),
            disk_free_bytes=free_bytes(settings.paths),
        )


def oldest_queued_mail(registry: Registry) -> datetime | None:
    """When the mail was queued that waits longest; None when the queue is empty. What is collected for a digest is not queued."""
    with registry.begin() as session:
        return _oldest_queued(session)


def _oldest_queued(session: Session) -> datetime | None:
    return session.scalar(sa.select(sa.func.min(Mail.queued_at)).where(Mail.state == "queued"))


def _counted(session: Session, which: sa.ColumnElement[bool]) -> dict[tuple[str, str], int]:
    """Deliveries by state and feed."""
    # Counted here: for a grouping SQLite would read the whole index by state, whatever the condition.
    rows = session.execute(sa.select(Delivery.state, Delivery.feed).where(which)).tuples()
    return dict(Counter(rows))


def _since(session: Session, kind: str, since: datetime) -> int:
    """Events of a kind since then, of the newest `MOST_REFUSED`."""
    newest = sa.select(AuditEvent.at).where(AuditEvent.kind == kind).order_by(AuditEvent.event_id.desc()).limit(MOST_REFUSED)
    times = newest.subquery()
    return session.scalar(sa.select(sa.func.count()).where(times.c.at >= since)) or 0


def _shown_since(settings: Settings) -> datetime | None:
    """When the snapshot that readers see was made, which its name says."""
    shown = settings.paths.current_snapshot
    return datetime.strptime(shown.resolve().name, _SNAPSHOT).replace(tzinfo=UTC) if shown.exists() else None
