"""What keeps strangers' pages away from ours: headers of every answer, the hosts we answer to, origins and form tokens."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

from subgroup_pipeline.settings import LOOPBACK

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from subgroup_pipeline.settings import Settings

LOCAL = (LOOPBACK, "localhost")
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For pages that carry their styles inside, as error reports and Data Docs do."""


def script_policy(script_sources: str) -> str:
    """The policy of a document that also carries scripts inside, which are the ones with these hashes."""
    return f"{DOCUMENT_POLICY}; script-src {script_sources}; img-src data:; font-src data:"


def answered_hosts(settings: Settings) -> list[str]:
    """The names under which we answer: a page of another site whose name was made to point here reads nothing."""
    return sorted({*LOCAL, urlsplit(settings.portal_url).hostname or LOOPBACK})


def require_local(request: Request) -> None:
    """Raise HTTPException (404) unless the request was made on this machine under its own name, not through a proxy."""
    if request.url.hostname not in LOCAL or "x-forwarded-for" in request.headers:
        raise HTTPException(404)


def require_own_origin(request: Request, settings: Settings) -> None:
    """Raise HTTPException (403) when a browser says that another site's page sent this form.

    Our own pages have the policy `no-referrer`, with which a browser sends the origin `null` and says in `Sec-Fetch-Site` whose
    page it was (Fetch standard, "append a request Origin header").
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    own = {None, settings.portal_url, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if site in ("cross-site", "same-site") or (origin not in own and (origin, site) != ("null", "same-origin")):
        raise HTTPException(403, "This form was sent by another website. Open the page here and send it again.")


def form_token(key: bytes, secret: str) -> str:
    """The value that a form carries so that nobody can send it who does not know the secret of the browser or of the link."""
    return hmac.new(key, b"form:" + secret.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def require_form_token(given: str, key: bytes, secret: str) -> None:
    """Raise HTTPException (403) unless a form carries the token of this secret; without a secret there is none."""
    if not secret or not hmac.compare_digest(given.encode("utf-8", "replace"), form_token(key, secret).encode()):
        raise HTTPException(403, "This form is out of date. Open the page again and send it anew.")


class SafeHeaders:
    """Puts the headers on every answer, errors among them; one that a page sets itself stays."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if is_https:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers put on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                is_ours = str(scope["path"]).startswith("/static/")
                headers = self._headers | ({"cache-control": "public, max-age=3600"} if is_ours else {})
                there = {name.lower() for name, _ in message["headers"]}
                ours = [(name.encode(), value.encode()) for name, value in headers.items() if name.encode() not in there]
                message["headers"] = [*message["headers"], *ours]
            await send(message)

        await self._app(scope, receive, send_with_headers)


class AddressAsSent:
    """Lets addresses be taken apart before they are decoded, so that an ID in one may hold any character, a slash too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on with the path as it was sent; whoever reads a part of it decodes that part."""
        if scope["type"] == "http":
            scope = {**scope, "path": scope["raw_path"].decode("latin-1")}
        await self._app(scope, receive, send)
