"""A district sets itself up: its link is used up in the transaction that stores what it chose, a password, a key or secrets.

After that its contacts may sign in to the portal, and are sent a link: staff named them in the settings, and the error reports
about what is uploaded are for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.access.invitations import use_invitation
from subgroup_pipeline.access.passwords import good_password, set_password
from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.desk.sign_in_links import sign_in_link
from subgroup_pipeline.districts.district_keys import authorize_key
from subgroup_pipeline.districts.district_secrets import keep_within
from subgroup_pipeline.districts.public_keys import read_public_key
from subgroup_pipeline.districts.registered import apply_within
from subgroup_pipeline.errors import PersonRefusedError
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.registry.schema import AuditEvent, Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subgroup_pipeline.desk.roster_offer import NewSource
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

Way = Literal["password", "key", "server"]
"""How a district signs in to upload; with `server` it does not, for we fetch from its roster server and nothing is uploaded."""


@dataclass(frozen=True)
class Chosen:
    """What a district chose. `secret` is a password, or a public key in OpenSSH form.

    `roster_secrets` are good ones for its roster server, and `source` are settings with that server where it named one.
    """

    way: Way
    secret: str = field(default="", repr=False)
    roster_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    source: NewSource | None = None


@dataclass(frozen=True)
class SetUp:
    """That a district is set up, how it signs in, and the newest audit event of then: what it does next comes after that."""

    district_id: str
    way: Way
    after_event: int


def set_up(
    registry: Registry, settings: Settings, district: RegisteredDistrict, token: str, chosen: Chosen, *, peer: str
) -> SetUp:
    """Store all that was chosen and use the link up: everything, or nothing.

    Raises PasswordRefusedError or SettingsError in words for a clerk, which leave the link as it was, and DeadInvitationError.
    """
    district_id, way, source = district.district_id, chosen.way, chosen.source
    name = district.settings.name
    good = good_password(chosen.secret, district_id=district_id, district_name=name) if way == "password" else ""
    key = read_public_key(chosen.secret) if way == "key" else None
    with registry.begin() as session:
        use_invitation(session, token, district_id, way=way, peer=peer)
        if way == "password":
            set_password(session, district_id, good, by=district_id)
        if key is not None:
            authorize_key(session, district_id, key, actor=district_id)
        if source is not None:
            apply_within(session, source.settings, source.text, actor=district_id, made_from=source.made_from)
        keep_within(session, Keyring(settings.paths), district_id, chosen.roster_secrets, actor=district_id)
        session.flush()
        newest = session.scalar(sa.select(sa.func.max(AuditEvent.event_id)))
    return SetUp(district_id, way, newest or 0)


def welcome_contacts(registry: Registry, settings: Settings, district: RegisteredDistrict) -> int:
    """Let a district's contacts sign in to the portal and mail each a link; gives to how many.

    Somebody who is known already keeps their role; who is of another district, or of our staff, is sent nothing.
    """
    district_id, welcomed = district.district_id, 0
    for contact in district.settings.contacts:
        try:
            person = described(contact, Role.DISTRICT, district_id)
            with registry.begin() as session:
                known = session.get(Person, person.email)
                if known is not None and known.district_id != district_id:
                    continue
                if known is None:
                    keep_person(session, person, actor=district_id)
            sign_in_link(settings, registry, person.email, actor=district_id, is_mailed=True, then=f"/d/{district_id}")
        except PersonRefusedError:
            continue  # what is no address gets no mail, and who signs in with their organisation's account needs no link
        welcomed += 1
    return welcomed
