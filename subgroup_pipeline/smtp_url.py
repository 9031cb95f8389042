"""The address of the mail server as an operator writes it: `smtp+starttls://user:password@host:587`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

Security = Literal["none", "starttls", "tls"]

_SCHEMES: dict[str, tuple[Security, int]] = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
_HOW = (
    "write smtp+starttls://user:password@host:587, smtps://… or, without encryption, smtp://…; %40 stands for an @ in a password"
)


@dataclass(frozen=True)
class SmtpServer:
    """Where mail goes out. `user` is None where nobody signs in."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def read_smtp_url(text: str) -> SmtpServer:
    """The server that a URL names. Raises ValueError in words that never quote the URL, which may hold a password.

    A password is taken without encryption only on this machine.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(_HOW) from None
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(_HOW)
    if bool(parts.username) != bool(parts.password):
        raise ValueError(f"a user needs a password, and a password a user; {_HOW}")
    security, usual = _SCHEMES[parts.scheme]
    if parts.password and security == "none" and not re.fullmatch(r"localhost|127\.0\.0\.1|::1", parts.hostname):
        raise ValueError("a password does not go over the network without encryption; write smtp+starttls:// or smtps://")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return SmtpServer(parts.hostname, port or usual, security, user, password)
