"""Mail about uploads that did not come: when the first is two hours late, and once more after the third that is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.districts.lateness import CODES, last_uploads, missed_nights
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.notify.contacts import FEED_WORDS, contacts_of
from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.registry.schema import District

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def queue_late_feeds(registry: Registry, settings: Settings, now: datetime) -> int:
    """Queue what is late, to the district and to staff; gives how many mails are new. Safe to repeat."""
    districts = registered_districts(registry)
    late = missed_nights(registry, districts, now)
    uploaded_feeds = {district.district_id: district.settings.uploaded_feeds for district in districts}
    new = 0
    with registry.begin() as session:
        uploaded = last_uploads(session, [district for district in districts if district.district_id in late])
        of_late = sa.select(District.district_id, District.created_at).where(District.district_id.in_(list(late)))
        set_up = dict(session.execute(of_late).tuples().all())
        contacts = contacts_of(session, late)
    for district_id, to in contacts.items():
        # One transaction a district: on the morning after a holiday all are late, and others write to the registry meanwhile.
        with registry.begin() as session:
            for feed, nights in late[district_id].items():
                since, is_fetched = uploaded[district_id, feed], feed not in uploaded_feeds[district_id]
                said: dict[str, Any] = {
                    "kind": "nothing_arrived",
                    "key": f"late:{district_id}:{feed}:{since:%Y%m%dT%H%M%S}:{'again' if nights >= len(CODES) else 'first'}",
                    "district_id": district_id,
                    "district_name": to.name,
                    "feed": FEED_WORDS[feed],
                    "nights": nights,
                    "since": since,
                    "has_come_before": since != set_up[district_id],
                    "is_fetched": is_fetched,
                    "zone": to.timezone,
                    "district_url": f"{settings.portal_url}/d/{district_id}{'/roster' if is_fetched else ''}",
                }
                new += queue_mail(session, to=to.addresses, digest_at=to.next_digest(now), **said)
                new += queue_mail(session, to=settings.staff_addresses, **said)
    return new
