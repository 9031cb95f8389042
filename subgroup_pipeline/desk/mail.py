"""Mail as staff see it: what waits, what went out and what did not, the words of one, and trying again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.errors import MailError
from subgroup_pipeline.notify.outgoing import MailState, queue_again
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.schema import Mail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.database import Registry

PAGE_SIZE = 50
STATE_WORDS: dict[str, str] = {
    "queued": "Waits to go out",
    "sending": "Is going out",
    "sent": "Went out",
    "failed": "Did not go out",
    "collected": "Waits for the digest",
    "digested": "Told in a digest",
}


@dataclass(frozen=True)
class ListedMail:
    """A mail without its words, which may hold a one-time link. `due_at` is when it is tried next."""

    mail_id: int
    kind: str
    district_id: str | None
    recipient: str
    subject: str
    state: str
    tries: int
    queued_at: datetime
    due_at: datetime
    sent_at: datetime | None
    failure: str | None


@dataclass(frozen=True)
class ReadMail:
    """A mail with its words."""

    listed: ListedMail
    text: str


@dataclass(frozen=True)
class MailPage:
    """One page of the list, newest first, of `pages`; `counts` are mails by state."""

    mails: list[ListedMail]
    pages: int
    counts: dict[str, int]


def list_mail(registry: Registry, states: Sequence[MailState] = ()) -> list[ListedMail]:
    """All mail that is kept, or that in some states, oldest first."""
    with registry.begin() as session:
        return [_listed(mail) for mail in session.execute(_query(states).order_by(Mail.mail_id))]


def mail_page(registry: Registry, state: str = "", page: int = 1) -> MailPage:
    """One page of the mail in a state, or of all of it."""
    newest = _query([state] if state else []).order_by(Mail.mail_id.desc())
    with registry.begin() as session:
        counted = session.execute(sa.select(Mail.state, sa.func.count()).group_by(Mail.state)).tuples().all()
        found = session.execute(newest.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    counts = dict(counted)
    all_of_it = counts.get(state, 0) if state else sum(counts.values())
    return MailPage([_listed(mail) for mail in found], max(1, -(-all_of_it // PAGE_SIZE)), counts)


def read_mail(registry: Registry, mail_id: int, *, by: str) -> ReadMail:
    """The words of a mail, which may hold a link that works; who looked is in the audit log. Raises MailError."""
    with registry.begin() as session:
        mail = session.get(Mail, mail_id)
        if mail is None:
            raise _unknown(mail_id)
        detail = {"mail_id": mail_id, "kind": mail.kind, "recipient": mail.recipient}
        record_event(session, "mail.read", actor=by, district_id=mail.district_id, detail=detail)
        return ReadMail(_listed(mail), mail.text)


def retry_mail(registry: Registry, mail_id: int | None = None, *, by: str) -> list[int]:
    """Try again what failed and what waits for another try, or one of these; gives which. Raises MailError for an unknown one."""
    with registry.begin() as session:
        if mail_id is not None and session.get(Mail, mail_id) is None:
            raise _unknown(mail_id)
        again = queue_again(session, datetime.now(UTC), mail_id)
        if again:
            record_event(session, "mail.retried", actor=by, detail={"mails": len(again), "first": again[0]})
        return again


_SHOWN = (
    Mail.mail_id, Mail.kind, Mail.district_id, Mail.recipient, Mail.subject, Mail.state, Mail.tries, Mail.queued_at, Mail.due_at,
    Mail.sent_at, Mail.failure,
)  # fmt: skip


def _query(states: Sequence[str]) -> sa.Select[Any]:
    query: sa.Select[Any] = sa.select(*_SHOWN)  # type: ignore[assignment]  # as many columns as its type can count, and one more
    return query.where(Mail.state.in_(states)) if states else query


def _listed(mail: Mail | sa.Row[Any]) -> ListedMail:
    return ListedMail(**{column.key: getattr(mail, column.key) for column in _SHOWN})


def _unknown(mail_id: int) -> MailError:
    return MailError(f"there is no mail {mail_id}. `subgroups mail list` shows what is kept.")
