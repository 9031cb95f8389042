"""The queue of mail: a mail is written down with its words in the transaction of what it tells of, and sent later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from subgroup_pipeline.notify.written import one_line, write_mail
from subgroup_pipeline.registry.schema import Mail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def queue_mail(
    session: Session,
    *,
    kind: str,
    key: str,
    to: Iterable[str],
    district_id: str | None,
    digest_at: datetime | None = None,
    **values: Any,  # noqa: ANN401 - a template's values
) -> int:
    """Queue one mail for each address, within the caller's transaction; gives how many are new.

    `key` names what the mail is about, for example `verdict:<delivery_id>:held`. What was queued for a key and an address once
    is never queued again, so that repeating a step is safe. `values` are what the template of the kind asks for
    (`templates/<kind>.txt.j2` names them); a missing one raises jinja2.UndefinedError. With `digest_at` it is collected for the
    digest of that time.
    """
    asked = {one_line(address).casefold() for address in to} - {""}
    if not asked:
        return 0
    # Most of what is asked for was told before: a look is cheaper than writing the words again.
    told = set(session.scalars(sa.select(Mail.recipient).where(Mail.key == key)))
    recipients = asked - told
    if not recipients:
        return 0
    written = write_mail(kind, district_id=district_id, **values)
    now = datetime.now(UTC)
    rows = [
        {
            "key": key,
            "recipient": recipient,
            "kind": kind,
            "district_id": district_id,
            "subject": written.subject,
            "text": written.text,
            "html": written.html,
            "state": "queued" if digest_at is None else "collected",
            "queued_at": now,
            "due_at": digest_at or now,
        }
        for recipient in sorted(recipients)
    ]
    insert = _INSERTS[session.get_bind().dialect.name](Mail)
    new = insert.on_conflict_do_nothing(index_elements=["key", "recipient"]).returning(Mail.mail_id)
    return len(session.scalars(new, rows).all())
