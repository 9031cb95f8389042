"""Mail about what the audit log says: changed credentials, to all contacts of a district, and failed nights, to staff.

The audit log is read, rather than each place that changes something asked to tell: a change by the command line, by a page or by
a module that is yet to be written is told alike, and none can forget it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from subgroup_pipeline.notify.contacts import contacts_of
from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.registry.nights import ENDED
from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_CHANGES = {
    "district.password_set": "A password was set",
    "district.password_removed": "The password was removed",
    "district.secret_set": "A secret of your roster server was set",
    "district.secret_removed": "A secret of your roster server was removed",
    "district.key_authorized": "An SSH key was added",
    "district.key_resumed": "An SSH key may sign in again",
    "district.key_paused": "An SSH key was paused",
    "district.key_revoked": "An SSH key was removed",
}


def queue_changes(registry: Registry, settings: Settings, since: datetime) -> int:
    """Queue what the audit log says since then; gives how many mails are new. Safe to repeat: an event has one mail ever."""
    query = sa.select(AuditEvent).where(AuditEvent.kind.in_([*_CHANGES, ENDED]), AuditEvent.at >= since)
    with registry.begin() as session:
        events = session.scalars(query.order_by(AuditEvent.event_id)).all()
        new = _queue_credentials(session, settings, [event for event in events if event.kind in _CHANGES])
        return new + sum(_queue_failed_night(session, settings, event) for event in events if event.kind == ENDED)


def _queue_credentials(session: Session, settings: Settings, events: Sequence[AuditEvent]) -> int:
    """To all contacts, at once and never in a digest: who took over an account cannot keep its owners from hearing of it.

    OWASP ASVS 5.0, 6.3.7.
    """
    contacts = contacts_of(session, {str(event.district_id) for event in events}) if events else {}
    return sum(
        queue_mail(
            session,
            kind="credentials_changed",
            key=f"event:{event.event_id}",
            to=to.addresses,
            district_id=to.district_id,
            district_name=to.name,
            what=_CHANGES[event.kind],
            fingerprint=event.detail.get("key", ""),
            by=event.actor,
            at=event.at,
            zone=to.timezone,
            contact=settings.contact_mail or settings.contact_phone,
        )
        for event in events
        if (to := contacts.get(str(event.district_id))) is not None
    )


def _queue_failed_night(session: Session, settings: Settings, event: AuditEvent) -> int:
    """To staff, once a night however often it is tried; the outcome is our own words, without a student's value."""
    outcome = str(event.detail.get("outcome", ""))
    if not outcome.startswith("failed"):
        return 0
    night = event.at.astimezone(ZoneInfo(settings.timezone)).date()
    return queue_mail(
        session,
        kind="night_failed",
        key=f"night_failed:{night}",
        to=settings.staff_addresses,
        district_id=None,
        outcome=outcome.removeprefix("failed: "),
        at=event.at,
        zone=settings.timezone,
        staff_url=f"{settings.portal_url}/staff",
    )
