"""One-time links that sign a person in: made, looked at, and used exactly once. The registry keeps their hashes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.access.people import BY_CLAIMS, known_person
from subgroup_pipeline.access.tokens import new_token, token_hash
from subgroup_pipeline.errors import PersonRefusedError
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.schema import SignIn, SignInLink

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LASTS = timedelta(minutes=15)
"""A link that a person asked for: they sit at the browser and wait for the mail."""
FIRST_LASTS = timedelta(hours=72)
"""A link that staff made for somebody who has not signed in lately: it waits in their mail until they come to it."""


@dataclass(frozen=True)
class MadeLink:
    """A link's secret, told once, when it ends, and whose it is."""

    token: str
    expires_at: datetime
    email: str
    district_id: str | None


def make_link(session: Session, email: str, *, actor: str) -> MadeLink:
    """Make a link within the caller's transaction.

    Raises UnknownPersonError; PersonRefusedError for somebody whom only the sign-in service vouches for.
    """
    person = known_person(session, email)
    if person.added_by == BY_CLAIMS:
        raise PersonRefusedError(
            f"{person.email} signs in with the account of their organization. To let them in by links too, "
            f"`subgroups user add {person.email} --role …` puts them on record here."
        )
    token, now = new_token(), datetime.now(UTC)
    has_been_here = session.scalar(sa.select(SignIn.email).where(SignIn.email == person.email).limit(1)) is not None
    expires_at = now + (LASTS if has_been_here or actor == person.email else FIRST_LASTS)
    session.add(SignInLink(token_sha256=token_hash(token), email=person.email, made_at=now, expires_at=expires_at))
    detail = {"email": person.email, "expires_at": expires_at.isoformat()}
    record_event(session, "sign_in_link.made", actor=actor, district_id=person.district_id, detail=detail)
    return MadeLink(token, expires_at, person.email, person.district_id)


def link_of(session: Session, token: str) -> SignInLink | None:
    """A link that still signs somebody in; None for one that is used, over or unknown. Looking uses nothing up."""
    return session.scalar(sa.select(SignInLink).where(SignInLink.token_sha256 == token_hash(token), *_is_live()))


def use_link(session: Session, token: str) -> str | None:
    """Use a link up within the transaction that signs in; gives whose it is, or None where it is dead.

    Of several who try at once one wins. The person's other links end too: nothing that still lies in a mailbox signs in.
    """
    now, named = datetime.now(UTC), SignInLink.token_sha256 == token_hash(token)
    use_up = sa.update(SignInLink).where(*_is_live()).values(used_at=now)
    email = session.scalar(use_up.where(named).returning(SignInLink.email))
    if email is not None:
        session.execute(use_up.where(SignInLink.email == email))
    elif (whose := session.scalar(sa.select(SignInLink.email).where(named))) is not None:
        record_event(session, "sign_in_link.dead_tried", actor="-", detail={"email": whose})
    return email


def _is_live() -> tuple[sa.ColumnElement[bool], ...]:
    return SignInLink.used_at.is_(None), SignInLink.expires_at > datetime.now(UTC)
