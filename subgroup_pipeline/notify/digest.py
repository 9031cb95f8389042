"""One mail a day for districts that chose it (`mail: {digest: "07:00"}`), made of what was collected since the last one."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from subgroup_pipeline.notify.contacts import contacts_of
from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.registry.schema import Mail

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def queue_digests(registry: Registry, settings: Settings, now: datetime) -> int:
    """Queue the digests that are due, and mark what they tell as told; gives how many are new. Safe to repeat."""
    query = sa.select(Mail).where(Mail.state == "collected", Mail.due_at <= now)
    new = 0
    with registry.begin() as session:
        due = session.scalars(query.order_by(Mail.district_id, Mail.recipient, Mail.mail_id)).all()
        contacts = contacts_of(session, {str(mail.district_id) for mail in due}) if due else {}
        for (district_id, recipient), members in groupby(due, lambda mail: (str(mail.district_id), mail.recipient)):
            collected = list(members)
            to = contacts[district_id]
            day = collected[-1].due_at.astimezone(ZoneInfo(to.timezone)).date()
            new += queue_mail(
                session,
                kind="digest",
                key=f"digest:{district_id}:{day}:{collected[-1].mail_id}",
                to=[recipient],
                district_id=district_id,
                district_name=to.name,
                subjects=[mail.subject for mail in collected],
                district_url=f"{settings.portal_url}/d/{district_id}",
            )
            for mail in collected:
                mail.state = "digested"
    return new
