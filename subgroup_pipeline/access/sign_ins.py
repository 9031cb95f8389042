"""Browsers in which people are signed in to the portal: begun, found again by their cookie, listed and ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.access.roles import Person, Role
from subgroup_pipeline.access.tokens import new_token, token_hash
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import Person as PersonRow
from subgroup_pipeline.registry.schema import SignIn

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LASTS = timedelta(hours=8)
_SEEN_EVERY = timedelta(minutes=5)
"""How exact "last seen" is: each page would write to the registry otherwise."""

Way = Literal["link", "oidc"]


def begin_sign_in(session: Session, email: str, *, way: Way, peer: str, browser: str) -> str:
    """Sign a person in within the caller's transaction; gives the secret for the cookie."""
    token, now = new_token(), datetime.now(UTC)
    session.add(
        SignIn(
            cookie_sha256=token_hash(token),
            email=email,
            way=way,
            peer=peer[:64],
            browser=browser[:200],
            began_at=now,
            seen_at=now,
            expires_at=now + LASTS,
        )
    )
    record_event(session, "portal.signed_in", actor=email, detail={"way": way, "peer": peer[:64]})
    return token


def signed_in_person(registry: Registry, token: str) -> Person | None:
    """The person whose browser sent this cookie; None when it is unknown, ended or over, or when they were removed."""
    now = datetime.now(UTC)
    query = sa.select(SignIn, PersonRow).join(PersonRow, PersonRow.email == SignIn.email)
    with registry.begin() as session:
        found = session.execute(query.where(SignIn.cookie_sha256 == token_hash(token))).first()
        if found is None or found.SignIn.ended_at is not None or found.SignIn.expires_at <= now:
            return None
        if now - found.SignIn.seen_at > _SEEN_EVERY:
            found.SignIn.seen_at = now
        return as_person(found.Person)


def end_sign_in(registry: Registry, cookie_sha256: str, *, actor: str, email: str | None = None) -> bool:
    """End one sign-in, of that person only when `email` is given; gives whether there was one to end."""
    with registry.begin() as session:
        found = session.get(SignIn, cookie_sha256)
        if found is None or found.ended_at is not None or (email is not None and found.email != email):
            return False
        found.ended_at = datetime.now(UTC)
        record_event(session, "portal.signed_out", actor=actor, detail={"email": found.email})
        return True


def as_person(row: PersonRow) -> Person:
    """A row of the registry as the person it describes."""
    return Person(row.email, Role(row.role), row.district_id, frozenset(row.school_ids))
