"""`/oidc`: to the sign-in service of an organization and back.

What the browser keeps meanwhile is signed and holds for ten minutes.
"""

from __future__ import annotations

import hmac
from dataclasses import astuple
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.exceptions import HTTPException

from subgroup_pipeline.access.claims import person_of_claims
from subgroup_pipeline.access.oidc import Begun, begin, claims_for
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.errors import SignInRefusedError
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.sign_in import begin_here, local_path, require_tries, signed_in

if TYPE_CHECKING:
    from starlette.responses import Response

BEGUN = "subgroups_oidc"
_SECONDS = 600


def leave(visit: Visit) -> Response:
    """Send the browser to the sign-in service."""
    _require_set(visit)
    try:
        url, begun = begin(visit.settings, local_path(visit.asked("next")))
    except SignInRefusedError as error:
        return _refused(visit, str(error))
    response = visit.go(url)
    visit.set_cookie(response, BEGUN, _signed(visit).dumps(astuple(begun)), _SECONDS)
    return response


def come_back(visit: Visit) -> Response:
    """Sign in whom the service vouches for, if it was this browser that was sent there."""
    _require_set(visit)
    begun = _begun(visit)
    if begun is None or not hmac.compare_digest(visit.asked("state").encode(), begun.state.encode()):
        return _refused(visit, "This sign-in was begun elsewhere, or more than ten minutes ago. Begin it again.")
    if not visit.asked("code"):
        return _refused(visit, "The sign-in service of your organization did not let you in.")
    try:
        claims = claims_for(visit.settings, visit.asked("code"), begun)
        with visit.registry.begin() as session:
            cookie = begin_here(visit, session, person_of_claims(session, visit.settings, claims), "oidc")
    except SignInRefusedError as error:
        return _refused(visit, str(error))
    response = signed_in(visit, cookie, begun.then)
    visit.forget_cookie(response, BEGUN)
    return response


def _refused(visit: Visit, why: str) -> Response:
    visit.registry.audit("portal.sign_in_refused", actor="-", detail={"way": "oidc", "peer": visit.peer[:64], "why": why})
    response = visit.page("sign_in_refused.html", status=401, why=why)
    visit.forget_cookie(response, BEGUN)
    return response


def _begun(visit: Visit) -> Begun | None:
    try:
        kept = _signed(visit).loads(visit.request.cookies.get(visit.of.cookie_named(BEGUN), ""), max_age=_SECONDS)
    except BadSignature:
        return None
    return Begun(*kept)


def _signed(visit: Visit) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(visit.of.key, salt="oidc")


def _require_set(visit: Visit) -> None:
    """Raise HTTPException (404) where no sign-in service is set, and for too many tries (429)."""
    if not visit.settings.oidc_issuer:
        raise HTTPException(404)
    require_tries(visit)


PAGES = [Page("/oidc", Need.NOTHING, get=leave), Page("/oidc/callback", Need.NOTHING, get=come_back)]
