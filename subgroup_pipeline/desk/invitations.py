"""Inviting a district to set itself up: the link, whom it was mailed to, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.access.invitations import HOURS, ListedInvitation, list_invitations, make_invitation, revoke_invitation
from subgroup_pipeline.access.tokens import token_hash
from subgroup_pipeline.desk.links import setup_url
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.notify.queue import queue_mail

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


SHOWN = 100
"""Links in a list."""


@dataclass(frozen=True)
class Invited:
    """A link, shown this once, with what it leads to."""

    district_id: str
    url: str
    expires_at: datetime
    username: str
    host: str
    port: int


def invite(registry: Registry, settings: Settings, district_id: str, *, by: str, hours: int = HOURS) -> tuple[Invited, list[str]]:
    """Make a district's set-up link, in place of an older one, and mail it to its contacts; gives the link and these contacts.

    Raises UnknownDistrictError, and SettingsError for wrong hours or for a district whose files we fetch from its own server.
    """
    district = registered_district(registry, district_id)
    if district.settings.server is not None:
        raise SettingsError(
            f"{district_id} uploads nothing here: we fetch its files from {district.settings.server.host}, as its settings say."
        )
    with registry.begin() as session:
        made = make_invitation(session, district_id, by=by, hours=hours)
        invited = Invited(
            district_id=district_id,
            url=setup_url(settings, made.token),
            expires_at=made.expires_at,
            username=district_id,
            host=settings.upload_host,
            port=settings.upload_port,
        )
        queue_mail(
            session,
            kind="invitation",
            key=f"invitation:{token_hash(made.token)}",
            to=district.settings.contacts,
            district_id=district_id,
            url=invited.url,
            expires_at=made.expires_at,
            zone=district.settings.timezone,
            district_name=district.settings.name,
            host=invited.host,
            port=invited.port,
            uploads=bool(district.settings.uploaded_feeds),
            is_fetched=district.settings.roster.is_fetched,
        )
    return invited, list(district.settings.contacts)


def revoke(registry: Registry, district_id: str, *, by: str) -> bool:
    """Take a district's live link out of force; gives whether there was one. Raises UnknownDistrictError."""
    registered_district(registry, district_id)
    with registry.begin() as session:
        return revoke_invitation(session, district_id, by=by)


def invitations(registry: Registry, district_id: str | None = None) -> list[ListedInvitation]:
    """The newest links of all districts or of one, at most `SHOWN`."""
    return list_invitations(registry, district_id, most=SHOWN)
