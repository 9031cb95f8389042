"""Whom a district named for its mail, and how it wants to have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import District, DistrictSettingsVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

FEED_WORDS = {"roster": "roster", "subgroups": "subgroup file"}


@dataclass(frozen=True)
class Contacts:
    """A district's contacts. `digest` is the local time of its one mail a day, or None where each thing is a mail of its own."""

    district_id: str
    name: str
    timezone: str
    addresses: tuple[str, ...]
    digest: str | None

    def next_digest(self, now: datetime) -> datetime | None:
        """When the next digest is due."""
        if self.digest is None:
            return None
        hour, minute = map(int, self.digest.split(":"))
        local = now.astimezone(ZoneInfo(self.timezone))
        due = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return (due if due > local else due + timedelta(days=1)).astimezone(UTC)


def contacts_of(session: Session, districts: Iterable[str]) -> dict[str, Contacts]:
    """The contacts of these districts, as their settings in force name them."""
    ids = sorted(set(districts))
    newest = sa.and_(
        DistrictSettingsVersion.district_id == District.district_id,
        DistrictSettingsVersion.version == District.settings_version,
    )
    query = sa.select(District.district_id, DistrictSettingsVersion.document).join(DistrictSettingsVersion, newest)
    # The document was checked when it was applied; building its whole model takes a millisecond a district.
    return {
        row.district_id: Contacts(
            district_id=row.district_id,
            name=row.document["name"],
            timezone=row.document["timezone"],
            addresses=tuple(row.document.get("contacts") or ()),
            digest=(row.document.get("mail") or {}).get("digest"),
        )
        for row in session.execute(query.where(District.district_id.in_(ids)))
    }
