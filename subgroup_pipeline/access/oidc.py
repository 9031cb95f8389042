"""Signing in with the account of an organization: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636) and a nonce.

Authlib speaks the protocol. Nothing of the sign-in service is kept: its addresses and keys are read at each sign-in, so that
keys it changed count at once.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.access.tokens import new_token
from subgroup_pipeline.errors import SignInRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from authlib.integrations.httpx_client import OAuth2Client

    from subgroup_pipeline.settings import Settings

_SECONDS = 10
"""Longest wait for each answer of the sign-in service."""
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures that need the service's private key; with a shared secret or none anybody could make a token."""
_LEEWAY = 60
"""Seconds by which the clocks may differ."""
_UNREACHABLE = (
    "The sign-in service of your organization does not answer as it should. Try again later, or ask for a link by mail."
)


@dataclass(frozen=True)
class Begun:
    """What the browser keeps, signed by us, while its person is at the sign-in service."""

    state: str
    nonce: str
    verifier: str
    then: str


def begin(settings: Settings, then: str) -> tuple[str, Begun]:
    """Where to send the browser, and what it keeps meanwhile. Raises SignInRefusedError when the service does not answer."""
    begun = Begun(new_token(), new_token(), new_token(), then)
    address = _addresses(settings)["authorization_endpoint"]
    with _client(settings) as client:
        url, _ = client.create_authorization_url(address, state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier)
    return str(url), begun


def claims_for(settings: Settings, code: str, begun: Begun) -> dict[str, Any]:
    """What the service says of the person, from an ID token whose signature, issuer, audience, time and nonce are right.

    Raises SignInRefusedError.
    """
    addresses = _addresses(settings)
    with _client(settings) as client:
        answer = _asked(lambda: client.fetch_token(addresses["token_endpoint"], code=code, code_verifier=begun.verifier))
    keys = _read(addresses["jwks_uri"])
    return _checked(settings, str(answer.get("id_token", "")), keys, addresses["issuer"], begun.nonce)


def _checked(settings: Settings, token: str, keys: dict[str, Any], issuer: str, nonce: str) -> dict[str, Any]:
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    expected = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": settings.oidc_client_id},
        "nonce": {"essential": True, "value": nonce},
    }
    try:
        read = jwt.decode(token, KeySet.import_key_set({"keys": keys["keys"]}), algorithms=_ALGORITHMS)
        parameters = {"nonce": nonce, "client_id": settings.oidc_client_id}
        CodeIDToken(read.claims, read.header, expected, parameters).validate(leeway=_LEEWAY)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise SignInRefusedError("What the sign-in service says of you cannot be trusted. Begin the sign-in again.") from error
    return dict(read.claims)


def _client(settings: Settings) -> OAuth2Client:
    from authlib.deprecate import AuthlibDeprecationWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # it will want the successor of httpx
        from authlib.integrations.httpx_client import OAuth2Client

    return OAuth2Client(
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        scope="openid email profile",
        redirect_uri=f"{settings.portal_url}/oidc/callback",
        code_challenge_method="S256",
        timeout=_SECONDS,
    )


def _addresses(settings: Settings) -> dict[str, str]:
    """The service's own description (OpenID Connect Discovery 1.0), which must be of the issuer that is set."""
    place = f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
    found = _read(place)
    named = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    addresses = {name: str(found.get(name, "")) for name in named}
    if addresses["issuer"].rstrip("/") != settings.oidc_issuer.rstrip("/") or not all(addresses.values()):
        raise SignInRefusedError(_UNREACHABLE)
    return addresses


def _read(address: str) -> dict[str, Any]:
    import httpx

    return _asked(lambda: httpx.get(address, timeout=_SECONDS).raise_for_status().json())


def _asked(ask: Callable[[], Any]) -> dict[str, Any]:
    """What the service answers, as JSON. Raises SignInRefusedError for a fault of the network or of its answer."""
    import httpx
    from authlib.common.errors import AuthlibBaseError

    try:
        answer = ask()
    except (httpx.HTTPError, httpx.InvalidURL, AuthlibBaseError, ValueError) as error:
        raise SignInRefusedError(_UNREACHABLE) from error
    if not isinstance(answer, dict):
        raise SignInRefusedError(_UNREACHABLE)
    return answer
