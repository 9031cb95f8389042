"""Secrets that stand in a link or a cookie: 256 random bits, of which the registry keeps the hash.

A plain hash is enough for a secret that nobody chose (OWASP ASVS 5.0, 6.5.2).
"""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """A new secret, fit for a URL: 43 characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the registry keeps of a secret: its SHA-256 in hex."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
