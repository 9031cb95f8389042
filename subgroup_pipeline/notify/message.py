"""A queued mail as the message that goes out (RFC 5322), and what stays of it afterwards."""

from __future__ import annotations

import hashlib
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.registry.schema import Mail
    from subgroup_pipeline.settings import Settings

_ONE_TIME_LINK = re.compile(r"(/(?:setup|sign-in)/)[A-Za-z0-9_-]{16,}")
_GONE = "removed-after-sending"


def as_message(mail: Mail, settings: Settings) -> EmailMessage:
    """The message of a queued mail. Raises ValueError when an address cannot stand in a header.

    Its Message-ID is the same at each try, so that a server that took it twice can drop one.
    """
    sender = settings.sender_address
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(sender, settings.contact_name or "Subgroups")
    message["To"] = _address(mail.recipient)
    if settings.contact_mail and settings.contact_mail != sender:
        message["Reply-To"] = _address(settings.contact_mail)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.queued_at)
    once = hashlib.sha256(f"{mail.key}\0{mail.recipient}\0{mail.queued_at.isoformat()}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{once}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5: no answer of a holiday comes back
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def without_one_time_links(text: str) -> str:
    """A mail's text or HTML without the secrets of its links, as it is kept once it went out."""
    return _ONE_TIME_LINK.sub(rf"\g<1>{_GONE}", text)


def _address(address: str, name: str = "") -> Address:
    try:
        return Address(display_name=name, addr_spec=address)
    except Exception as error:  # email's parser raises several kinds for what is no address
        raise ValueError(f"{address!r} is no mail address") from error
