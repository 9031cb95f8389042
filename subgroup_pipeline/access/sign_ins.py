"""Browsers in which people are signed in to the portal: begun, found again by their cookie, listed and ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.access.browsers import browser_in_words
from subgroup_pipeline.access.people import as_person
from subgroup_pipeline.access.tokens import new_token, token_hash
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import Person as PersonRow
from subgroup_pipeline.registry.schema import SignIn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from subgroup_pipeline.access.roles import Person

LASTS = timedelta(hours=8)
_SEEN_EVERY = timedelta(minutes=5)
"""How exact "last seen" is: each page would write to the registry otherwise."""

Way = Literal["link", "oidc"]


def begin_sign_in(session: Session, email: str, *, way: Way, peer: str, browser: str) -> str:
    """Sign a person in within the caller's transaction; gives the secret for the cookie, a new one each time.

    The audit log says whether this person was seen in such a browser before.
    """
    token, now = new_token(), datetime.now(UTC)
    words = browser_in_words(browser)
    seen = session.scalars(sa.select(SignIn.browser).where(SignIn.email == email).distinct())
    is_new = words not in {browser_in_words(one) for one in seen}
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
    detail = {"way": way, "peer": peer[:64], "browser": words, "new_browser": is_new}
    record_event(session, "portal.signed_in", actor=email, detail=detail)
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


def end_others(registry: Registry, email: str, *, actor: str, but: str = "") -> int:
    """End every sign-in of a person but the one of this cookie's hash; gives how many there were."""
    live = sa.and_(SignIn.email == email, SignIn.ended_at.is_(None), SignIn.expires_at > datetime.now(UTC))
    with registry.begin() as session:
        others = session.scalars(sa.select(SignIn).where(live, SignIn.cookie_sha256 != but)).all()
        for one in others:
            one.ended_at = datetime.now(UTC)
        if others:
            record_event(session, "portal.signed_out", actor=actor, detail={"email": email, "sign_ins": len(others)})
        return len(others)


def live_sign_ins(registry: Registry, email: str | None = None, most: int = 200) -> Sequence[SignIn]:
    """Browsers that are signed in now, of one person or of all, the one seen last first."""
    live = sa.and_(SignIn.ended_at.is_(None), SignIn.expires_at > datetime.now(UTC))
    query = sa.select(SignIn).where(live).order_by(SignIn.seen_at.desc()).limit(most)
    with registry.begin() as session:
        return session.scalars(query if email is None else query.where(SignIn.email == email)).all()
