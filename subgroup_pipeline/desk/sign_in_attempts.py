"""What a district's own SFTP program did since some moment: signed in, was refused, uploaded; in words that help.

It is read from the audit log, by the account's name, and holds nothing of other districts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry

_MOST = 200
"""Refused sign-ins of everybody that are looked through for a name that was meant to be this account."""
_SHOWN = 8


@dataclass(frozen=True)
class Attempt:
    """Something that an SFTP program did, whether it went well, and what to do when it did not."""

    at: datetime
    outcome: Literal["good", "stop"]
    words: str
    mend: str = ""


def attempts(registry: Registry, account: str, after_event: int) -> list[Attempt]:
    """What came after an audit event, the newest first."""
    later = AuditEvent.event_id > after_event
    newest = AuditEvent.event_id.desc()
    own = sa.select(AuditEvent).where(AuditEvent.kind.in_(("sftp.login", "sftp.login_refused", "sftp.upload")), later)
    strangers = sa.select(AuditEvent).where(AuditEvent.kind == "sftp.login_refused", later, AuditEvent.actor == "-")
    with registry.begin() as session:
        events = list(session.scalars(own.where(AuditEvent.actor == account).order_by(newest).limit(_SHOWN)))
        unknown = session.scalars(strangers.order_by(newest).limit(_MOST))
        events += [event for event in unknown if _is_meant(str(event.detail.get("name", "")), account)]
    return [_in_words(event, account) for event in sorted(events, key=lambda event: -event.event_id)[:_SHOWN]]


def _is_meant(name: str, account: str) -> bool:
    """Whether a name that is no account is this one, written otherwise."""
    return name.strip().casefold().replace("-", "_").replace(" ", "_") == account


def _in_words(event: AuditEvent, account: str) -> Attempt:
    detail = event.detail
    peer = detail.get("peer", "an unknown address")
    if event.kind == "sftp.login":
        how = "with the password" if detail.get("way") == "password" else f"with the key {detail.get('key', '')}"
        return Attempt(event.at, "good", f"Signed in from {peer} {how}. Your connection works.")
    if event.kind == "sftp.upload":
        what = f"{detail.get('path', 'a file')}, {detail.get('bytes', '?')} bytes"
        if detail.get("clean_close") == "true":
            return Attempt(event.at, "good", f"Uploaded {what}.")
        return Attempt(event.at, "stop", f"The upload of {what} was cut off.", "Upload the file again; a part is never used.")
    if event.actor != account:
        words = f"Somebody at {peer} tried the user name “{detail.get('name', '')}”, which is none."
        return Attempt(event.at, "stop", words, f"Write it exactly like this: {account}")
    return Attempt(event.at, "stop", *_refused(detail, peer))


def _refused(detail: dict[str, Any], peer: str) -> tuple[str, str]:
    """Why a sign-in with the right name was refused, and what to do."""
    way = str(detail.get("way", ""))
    if "refused_unseen" in detail:
        return (
            f"Too many wrong passwords came from {peer}, so the newest were not looked at.",
            "Wait a few minutes. Then put the right password into every program that signs in, and try once.",
        )
    if "password" in way:
        return (
            f"A sign-in from {peer} was refused: the password was wrong.",
            "Type it anew, or copy it without a blank before or after it. Capital and small letters differ.",
        )
    if way == "key" or detail.get("keys") not in (None, "none offered"):
        return (
            f"A sign-in from {peer} was refused: the key {detail.get('keys', '')} is not one of yours.",
            "Choose the private key that belongs to the public key you gave us.",
        )
    return (
        f"A program from {peer} reached us and left without a password or a key.",
        "It may have asked you about the fingerprint of the server, and waits for your answer.",
    )
