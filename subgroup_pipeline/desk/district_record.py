"""One district as staff see it: its settings' version, how it signs in, who its people are, what came, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.access.invitations import list_invitations
from subgroup_pipeline.access.passwords import password_on_record
from subgroup_pipeline.desk.audit import detail_in_words
from subgroup_pipeline.desk.roster_server import roster_server
from subgroup_pipeline.desk.snapshots import is_rolled_back
from subgroup_pipeline.desk.uploads import as_upload
from subgroup_pipeline.districts.district_keys import keys_on_record
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.registry.schema import AuditEvent, Delivery, DistrictSettingsVersion, Person

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.access.invitations import ListedInvitation
    from subgroup_pipeline.access.passwords import PasswordOnRecord
    from subgroup_pipeline.desk.roster_server import RosterServerView
    from subgroup_pipeline.desk.uploads import Upload
    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.districts.district_keys import AuthorizedKey
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_NEWEST_UPLOADS, _NEWEST_EVENTS, _NEWEST_INVITATIONS = 8, 20, 5


@dataclass(frozen=True)
class Event:
    """An entry of the audit log. `detail` is in words, as `from: held, to: accepted`."""

    at: datetime
    kind: str
    actor: str
    detail: str


@dataclass(frozen=True)
class DistrictRecord:
    """All of it; lists have the newest first."""

    settings: DistrictSettings
    version: int
    applied_at: datetime
    keys: list[AuthorizedKey]
    password: PasswordOnRecord | None
    people: list[Person]
    invitations: list[ListedInvitation]
    roster_server: RosterServerView | None
    uploads: list[Upload]
    events: list[Event]
    is_rolled_back: bool

    @property
    def district_id(self) -> str:
        """The district's key."""
        return self.settings.district


def district_record(registry: Registry, settings: Settings, district_id: str) -> DistrictRecord:
    """One district. Raises UnknownDistrictError."""
    district = registered_district(registry, district_id)
    newest = sa.select(Delivery).filter_by(district_id=district_id)
    newest = newest.order_by(Delivery.received_at.desc(), Delivery.delivery_id.desc()).limit(_NEWEST_UPLOADS)
    said = sa.select(AuditEvent).filter_by(district_id=district_id).order_by(AuditEvent.event_id.desc()).limit(_NEWEST_EVENTS)
    people = sa.select(Person).filter_by(district_id=district_id).order_by(Person.email)
    with registry.begin() as session:
        uploads = [as_upload(delivery) for delivery in session.scalars(newest)]
        events = [Event(one.at, one.kind, one.actor, detail_in_words(one.detail)) for one in session.scalars(said)]
        persons = list(session.scalars(people))
        applied = session.get_one(DistrictSettingsVersion, (district_id, district.version))
    return DistrictRecord(
        settings=district.settings,
        version=district.version,
        applied_at=applied.applied_at,
        keys=keys_on_record(registry, [district_id]),
        password=password_on_record(registry, district_id),
        people=persons,
        invitations=list_invitations(registry, district_id, most=_NEWEST_INVITATIONS),
        roster_server=roster_server(registry, district),
        uploads=uploads,
        events=events,
        is_rolled_back=is_rolled_back(settings),
    )
