"""One-time links to the set-up page of a district: made, found, used, revoked and listed. A district has one live link at most.

Looking at a link never uses it up, for mail scanners open every link. It is used in the transaction that stores the password or
key which it was for. A link that is used, over, replaced or unknown is one and the same to whoever holds it; the audit log says
which it was (OWASP ASVS 5.0, 6.3.8). No event holds the link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.access.tokens import new_token, token_hash
from subgroup_pipeline.errors import DeadInvitationError, SettingsError, UnknownDistrictError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import District, Invitation

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

HOURS, MOST_HOURS = 72, 168
State = Literal["live", "used", "expired", "revoked"]
_DEAD = "This link is no longer good, or never was. Ask for a new one."


@dataclass(frozen=True)
class MadeInvitation:
    """A new link, whose token is nowhere else; with what it is good for and until when."""

    token: str
    district_id: str
    expires_at: datetime


@dataclass(frozen=True)
class ListedInvitation:
    """A link as staff see it. `ended_at` is when it was used, revoked or over; None while it is live."""

    district_id: str
    district_name: str
    state: State
    made_at: datetime
    made_by: str
    expires_at: datetime
    opened_at: datetime | None
    ended_at: datetime | None


def make_invitation(session: Session, district_id: str, *, by: str, hours: int = HOURS) -> MadeInvitation:
    """Make a link within the caller's transaction; an older one of the district is revoked.

    Raises UnknownDistrictError, and SettingsError for hours out of 1 to 168 (a week).
    """
    if not 1 <= hours <= MOST_HOURS:
        raise SettingsError(f"a link lasts from 1 to {MOST_HOURS} hours, not {hours}")
    # The row is locked until the end, so that of two links made at once one revokes the other.
    if session.execute(sa.select(District.district_id).filter_by(district_id=district_id).with_for_update()).first() is None:
        raise UnknownDistrictError(
            f"no district is called {district_id}. `subgroups district list` shows those that are registered."
        )
    revoke_invitation(session, district_id, by=by, why="a newer link")
    token, now = new_token(), datetime.now(UTC)
    made = MadeInvitation(token, district_id, now + timedelta(hours=hours))
    session.add(
        Invitation(token_sha256=token_hash(token), district_id=district_id, made_at=now, made_by=by, expires_at=made.expires_at)
    )
    record_event(session, "invitation.made", actor=by, district_id=district_id, detail={"hours": hours})
    return made


def find_invitation(registry: Registry, token: str, *, peer: str, is_opened: bool = False) -> str:
    """The district that a live link is for; `is_opened` notes that somebody looked at its page, the first time.

    Raises DeadInvitationError for any other link, after as much work as for every other dead one.
    """
    with registry.begin() as session:
        found = session.get(Invitation, token_hash(token))
        if found is not None and state_of(found, datetime.now(UTC)) == "live":
            if is_opened and found.opened_at is None:
                found.opened_at = datetime.now(UTC)
                record_event(
                    session, "invitation.opened", actor=found.district_id, district_id=found.district_id, detail={"peer": peer}
                )
            return found.district_id
    raise DeadInvitationError(_DEAD)


def use_invitation(session: Session, token: str, district_id: str, *, way: str, peer: str) -> None:
    """Use a district's link up within the caller's transaction, which also stores what it was for.

    Of many that come at once, one gets through: the row changes for one of them only. Raises DeadInvitationError for the others.
    """
    now = datetime.now(UTC)
    this = sa.and_(Invitation.token_sha256 == token_hash(token), Invitation.district_id == district_id)
    query = sa.update(Invitation).where(this, _is_live(now)).values(used_at=now).execution_options(synchronize_session=False)
    made_by = session.scalar(query.returning(Invitation.made_by))
    if made_by is None:
        raise DeadInvitationError(_DEAD)
    detail = {"way": way, "peer": peer, "made_by": made_by}
    record_event(session, "invitation.used", actor=district_id, district_id=district_id, detail=detail)


def note_dead_try(registry: Registry, token: str, *, peer: str) -> None:
    """Take note in the audit log that somebody came with a link that is not live, and why it is not."""
    with registry.begin() as session:
        found = session.get(Invitation, token_hash(token))
        state = "unknown" if found is None else state_of(found, datetime.now(UTC))
        district_id = None if found is None else found.district_id
        record_event(
            session, "invitation.dead_link_tried", actor="-", district_id=district_id, detail={"state": state, "peer": peer}
        )


def revoke_invitation(session: Session, district_id: str, *, by: str, why: str = "") -> bool:
    """Take a district's live link out of force within the caller's transaction; gives whether there was one."""
    now = datetime.now(UTC)
    of_district = Invitation.district_id == district_id
    query = sa.update(Invitation).where(of_district, _is_live(now)).values(revoked_at=now)
    query = query.execution_options(synchronize_session=False)
    if session.execute(query.returning(Invitation.token_sha256)).first() is None:
        return False
    detail = {"why": why} if why else {}
    record_event(session, "invitation.revoked", actor=by, district_id=district_id, detail=detail)
    return True


def list_invitations(registry: Registry, district_id: str | None = None, *, most: int | None = None) -> list[ListedInvitation]:
    """Links of all districts or of one, the newest first and at most so many."""
    query = sa.select(Invitation, District.name).join(District, District.district_id == Invitation.district_id)
    if district_id is not None:
        query = query.where(Invitation.district_id == district_id)
    now = datetime.now(UTC)
    with registry.begin() as session:
        rows = session.execute(query.order_by(Invitation.made_at.desc()).limit(most)).all()
    return [_listed(row.Invitation, row.name, now) for row in rows]


def state_of(invitation: Invitation, now: datetime) -> State:
    """Whether a link is live, and if not why."""
    if invitation.used_at is not None:
        return "used"
    if invitation.revoked_at is not None:
        return "revoked"
    return "live" if invitation.expires_at > now else "expired"


def _is_live(now: datetime) -> sa.ColumnElement[bool]:
    """`state_of` for a query."""
    return sa.and_(Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now)


def _listed(invitation: Invitation, name: str, now: datetime) -> ListedInvitation:
    state = state_of(invitation, now)
    ends = {"used": invitation.used_at, "revoked": invitation.revoked_at, "expired": invitation.expires_at, "live": None}
    return ListedInvitation(
        district_id=invitation.district_id,
        district_name=name,
        state=state,
        made_at=invitation.made_at,
        made_by=invitation.made_by,
        expires_at=invitation.expires_at,
        opened_at=invitation.opened_at,
        ended_at=ends[state],
    )
