"""What a mail in the queue goes through: `queued → sending → sent`, back to `queued` for another try, or `failed`.

A mail for a digest waits as `collected` until its digest is made, and is then `digested` (`notify.digest`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.notify.message import without_one_time_links
from subgroup_pipeline.registry.schema import Mail

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.database import Registry

MailState = Literal["queued", "sending", "sent", "failed", "collected", "digested"]

LEASE = timedelta(minutes=10)
"""How long a mail is one sender's. No try lasts as long, so another sender takes it only when the first one died."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 360, 360, 360))
"""Before the second try, the third and so on: 28 hours in all, so that a server that is down for a day loses nothing."""
_IS_DUE = Mail.state.in_(("queued", "sending"))


def due_mail(registry: Registry, now: datetime, most: int) -> list[int]:
    """Mails whose time has come, those that wait longest first."""
    query = sa.select(Mail.mail_id).where(_IS_DUE, Mail.due_at <= now).order_by(Mail.due_at, Mail.mail_id).limit(most)
    with registry.begin() as session:
        return list(session.scalars(query))


def claim(registry: Registry, mail_id: int, now: datetime) -> Mail | None:
    """Take a mail for one try; None when another sender was quicker. On both databases one UPDATE decides it."""
    mine = sa.update(Mail).where(Mail.mail_id == mail_id, _IS_DUE, Mail.due_at <= now)
    taken = mine.values(state="sending", due_at=now + LEASE, tries=Mail.tries + 1).returning(Mail.mail_id)
    with registry.begin() as session:
        return session.get_one(Mail, mail_id) if session.scalar(taken) is not None else None


def note_sent(registry: Registry, mail_id: int, now: datetime) -> None:
    """Note that the server took a mail; its one-time links leave the registry."""
    with registry.begin() as session:
        mail = session.get_one(Mail, mail_id)
        mail.state, mail.sent_at, mail.failure = "sent", now, None
        mail.text, mail.html = without_one_time_links(mail.text), without_one_time_links(mail.html)


def note_refused(registry: Registry, mail_id: int, why: str) -> None:
    """Note that a mail can never go out as it is."""
    with registry.begin() as session:
        mail = session.get_one(Mail, mail_id)
        mail.state, mail.failure = "failed", why


def postpone(registry: Registry, mail_id: int, now: datetime, why: str) -> None:
    """Have a mail that was tried wait for its next try, or fail after the last."""
    with registry.begin() as session:
        _postpone(session.get_one(Mail, mail_id), now, why)


def postpone_due(registry: Registry, now: datetime, why: str) -> int:
    """Have all mail that is due wait: the server did not answer, which was a try of each. Gives how many."""
    with registry.begin() as session:
        waiting = session.scalars(sa.select(Mail).where(_IS_DUE, Mail.due_at <= now)).all()
        for mail in waiting:
            mail.tries += 1
            _postpone(mail, now, why)
        return len(waiting)


def _postpone(mail: Mail, now: datetime, why: str) -> None:
    mail.failure = why
    if mail.tries > len(PAUSES):
        mail.state = "failed"
        mail.failure = f"Given up after {mail.tries} tries in {sum(PAUSES, timedelta()) // timedelta(hours=1)} hours. {why}"
    else:
        mail.state, mail.due_at = "queued", now + PAUSES[mail.tries - 1]


def queue_again(session: Session, now: datetime, mail_id: int | None = None) -> list[int]:
    """Give failed mail (one, or all) its tries anew, and try at once what waits for another try; gives which."""
    again = sa.update(Mail).where(sa.or_(Mail.state == "failed", sa.and_(Mail.state == "queued", Mail.tries > 0)))
    if mail_id is not None:
        again = again.where(Mail.mail_id == mail_id)
    renewed = again.values(state="queued", tries=0, due_at=now).returning(Mail.mail_id)
    return sorted(session.scalars(renewed))
