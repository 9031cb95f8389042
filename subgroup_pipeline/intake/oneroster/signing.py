"""How requests to a OneRoster server are signed: OAuth 1.0a two-legged, OAuth 2 client credentials, or a bearer token.

OneRoster 1.1, section 5 (security): OAuth 1.0a message signing (RFC 5849) or OAuth 2 (RFC 6749 4.4, RFC 6750). No secret is in
the text of any object here.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from typing import TYPE_CHECKING

import httpx

from subgroup_pipeline.intake.oneroster.faults import NoAnswerError, SecretsError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from subgroup_pipeline.districts.roster_settings import Auth

_EARLY = 60.0
"""Seconds before its end in which a token is not used any more."""
_USUAL_LIFE = 3600.0
"""Seconds that a token is used for where the server does not say (RFC 6749 5.1 recommends that it does)."""


def signing_of(auth: Auth, secrets: Mapping[str, str], server: str) -> httpx.Auth:
    """What signs the requests to a server. Raises SecretsError when a secret that it needs is not on record."""
    missing = [name for name in auth.secrets if name not in secrets]
    if missing:
        raise SecretsError(
            f"{server} cannot be asked: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not on record. "
            f"Give {'it' if len(missing) == 1 else 'them'} with `subgroups district secret ID set {missing[0]}`."
        )
    if auth.type == "bearer":
        return _Bearer(secrets["token"])
    if auth.type == "oauth2":
        return _ClientCredentials(auth.token_url or "", auth.scope, secrets["client_id"], secrets["client_secret"])
    return _MessageSigning(secrets["client_id"], secrets["client_secret"], auth.signature or "HMAC-SHA256")


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class _MessageSigning(httpx.Auth):
    """OAuth 1.0a with no token (two-legged); the query is part of what is signed (RFC 5849 3.4.1.3)."""

    def __init__(self, client_id: str, client_secret: str, method: str) -> None:
        from authlib.oauth1 import ClientAuth

        ClientAuth.register_signature_method("HMAC-SHA256", _hmac_sha256)
        self._client = ClientAuth(client_id, client_secret, signature_method=method)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        _, headers, _ = self._client.prepare(request.method, str(request.url), {}, b"")
        request.headers["Authorization"] = headers["Authorization"]
        yield request


def _hmac_sha256(client: object, request: object) -> str:
    """The signature method that ClassLink and 1EdTech ask for, which Authlib leaves to its users (it signs with SHA-1 only)."""
    from base64 import b64encode

    from authlib.oauth1.rfc5849.signature import generate_signature_base_string
    from authlib.oauth1.rfc5849.util import escape

    key = f"{escape(getattr(client, 'client_secret', '') or '')}&{escape(getattr(client, 'token_secret', '') or '')}"
    text = generate_signature_base_string(request)
    return b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


class _ClientCredentials(httpx.Auth):
    """OAuth 2: one token for all requests of a district, asked for anew before it ends, and once when it is refused."""

    requires_response_body = True

    def __init__(self, token_url: str, scope: str | None, client_id: str, client_secret: str) -> None:
        self._url, self._client = token_url, (client_id, client_secret)
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        self._token, self._until = "", 0.0
        self._lock = threading.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign with the token that is good; threads that need one wait for the first of them to get it."""
        with self._lock:
            if time.monotonic() > self._until:
                self._take((yield self._asking()))
            used = self._token
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        with self._lock:
            if self._token == used:  # nobody else had it refused and got another one
                self._take((yield self._asking()))
            used = self._token
        request.headers["Authorization"] = f"Bearer {used}"
        yield request

    def _asking(self) -> httpx.Request:
        basic = httpx.BasicAuth(*self._client)
        return next(basic.auth_flow(httpx.Request("POST", self._url, data=self._form, headers={"Accept": "application/json"})))

    def _take(self, response: httpx.Response) -> None:
        response.read()
        where = response.request.url.host
        if response.status_code >= 500 or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise NoAnswerError(f"{where} gave no token: it answered {response.status_code}.")
        try:
            said = response.json() if response.is_success else {}
            token, life = str(said["access_token"]), float(said.get("expires_in") or _USUAL_LIFE)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SecretsError(f"{where} gave no token for our client: it answered {response.status_code}.") from None
        self._token, self._until = token, time.monotonic() + max(life - _EARLY, life / 2)
