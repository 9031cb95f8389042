"""Who may ask: OAuth 1.0a signatures (RFC 5849) and OAuth 2 bearer tokens (RFC 6749 4.4, RFC 6750), from the standards' text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request

_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_CLOCK_SKEW = 300


def _escaped(text: str) -> str:
    return quote(text, safe="~-._")


def signature_of(method: str, url: str, parameters: list[tuple[str, str]], secret: str, algorithm: str) -> str:
    """RFC 5849 3.4: the signature over method, base string URI and all parameters, with an empty token secret."""
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in parameters if name not in ("oauth_signature", "realm"))
    base = "&".join((method.upper(), _escaped(url), _escaped("&".join(f"{name}={value}" for name, value in pairs))))
    return base64.b64encode(hmac.new(f"{_escaped(secret)}&".encode(), base.encode(), _HASHES[algorithm]).digest()).decode()


@dataclass
class Signed:
    """OAuth 1.0a, two-legged, with one algorithm. A nonce is good once."""

    client_id: str
    client_secret: str
    algorithm: str = "HMAC-SHA256"
    nonces: set[str] = field(default_factory=set)

    def allows(self, request: Request) -> bool:
        """Whether a request is signed by the client that we know."""
        said = dict(re.findall(r'(\w+)="([^"]*)"', request.headers.get("Authorization", "")))
        said = {name: unquote(value) for name, value in said.items()}
        nonce = said.get("oauth_nonce", "")
        if said.get("oauth_consumer_key") != self.client_id or said.get("oauth_signature_method") != self.algorithm:
            return False
        if not nonce or nonce in self.nonces or abs(time.time() - int(said.get("oauth_timestamp", "0"))) > _CLOCK_SKEW:
            return False
        self.nonces.add(nonce)
        query = parse_qsl(request.url.query, keep_blank_values=True)
        url = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
        expected = signature_of(request.method, url, [*said.items(), *query], self.client_secret, self.algorithm)
        return hmac.compare_digest(expected, said.get("oauth_signature", ""))


@dataclass
class Tokens:
    """OAuth 2 client credentials: tokens that live so many seconds, and so many requests where that is given."""

    client_id: str
    client_secret: str
    life: int = 3600
    uses: int | None = None
    given: dict[str, tuple[float, int]] = field(default_factory=dict)

    def token_for(self, request: Request, form: dict[str, str]) -> str | None:
        """A new token, for the right client."""
        scheme, _, basic = request.headers.get("Authorization", "").partition(" ")
        known = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if scheme != "Basic" or not hmac.compare_digest(basic, known) or form.get("grant_type") != "client_credentials":
            return None
        token = secrets.token_urlsafe(24)
        self.given[token] = (time.monotonic() + self.life, 0)
        return token

    def allows(self, request: Request) -> bool:
        """Whether a request brings a token that is still good."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        until, used = self.given.get(token, (0.0, 0))
        if time.monotonic() > until or (self.uses is not None and used >= self.uses):
            return False
        self.given[token] = (until, used + 1)
        return True


@dataclass(frozen=True)
class Bearer:
    """A token that does not end, as ClassLink's console gives it."""

    token: str

    def allows(self, request: Request) -> bool:
        """Whether a request brings it."""
        return hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {self.token}")


Access = Signed | Tokens | Bearer
