"""`/setup/<token>`: the page where a district chooses its password or gives its key, and the one after that.

Whoever holds the link is let in; nobody is signed in by it. Looking never uses it up, and neither does a form that is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.invitations import HOURS, find_invitation, note_dead_try
from subgroup_pipeline.access.passwords import SHORTEST, suggested_password
from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.access.tokens import token_hash
from subgroup_pipeline.desk.connection import connection_of
from subgroup_pipeline.desk.links import SETUP
from subgroup_pipeline.desk.set_up import Way, set_up, welcome_contacts
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import DeadInvitationError, PasswordRefusedError, SettingsError
from subgroup_pipeline.portal.connection import connection_page, new_permit
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.districts.registered import RegisteredDistrict

FROM_AN_ADDRESS = Rate(tries=10, seconds=6)
"""Forms that one address may send: ten at once, then ten a minute."""
ON_A_LINK = Rate(tries=5, seconds=30)
"""Forms that may be sent on one link: five at once, then two a minute. None of them uses the link up unless it is right."""
_SECRETS: dict[Way, str] = {"password": "password", "key": "public_key"}
"""The field that holds what a district chose."""


def look(visit: Visit) -> Response:
    """The page of a live link. `?suggest=1` fills in a password that was just made."""
    try:
        district_id = find_invitation(
            visit.registry, visit.path("token"), peer=visit.peer, is_opened=visit.request.method == "GET"
        )
    except DeadInvitationError:
        return _dead(visit)
    suggested = suggested_password() if visit.asked("suggest") else ""
    return _form(visit, registered_district(visit.registry, district_id), suggested=suggested)


def choose(visit: Visit) -> Response:
    """Store what was chosen and use the link up; or say beside the field what is wrong, and leave all as it was."""
    token = visit.path("token")
    _require_patience(visit, token)
    way: Way = "key" if visit.given("way") == "key" else "password"
    secret = visit.given(_SECRETS[way])
    try:
        district = registered_district(visit.registry, find_invitation(visit.registry, token, peer=visit.peer))
        if way == "password" and secret != visit.given("again"):
            return _form(visit, district, wrong={"again": "The two passwords differ. Type the same one twice."})
        done = set_up(visit.registry, district, token, way, secret, peer=visit.peer)
    except DeadInvitationError:
        return _dead(visit)
    except (PasswordRefusedError, SettingsError) as error:
        return _form(visit, district, wrong={_SECRETS[way]: str(error)})
    welcomed = welcome_contacts(visit.registry, visit.settings, district)
    return connection_page(visit, new_permit(visit, done), is_new=True, welcomed=welcomed)


def _require_patience(visit: Visit, token: str) -> None:
    """Raise HTTPException (429) when forms come faster than a person sends them. It says nothing about the link."""
    limits = visit.of.limits
    is_slow = limits.take("setup", visit.place, FROM_AN_ADDRESS) and limits.take("setup link", token_hash(token), ON_A_LINK)
    if not is_slow:
        raise HTTPException(
            429,
            "That was tried too often. Wait a minute, open the link again, and send the form once more; the link is still good.",
            headers={"retry-after": "60"},
        )


def _form(visit: Visit, district: RegisteredDistrict, *, suggested: str = "", wrong: dict[str, str] | None = None) -> Response:
    return visit.page(
        "setup.html",
        status=422 if wrong else 200,
        secret=visit.path("token"),
        connection=connection_of(visit.settings, district),
        suggested=suggested,
        wrong=wrong or {},
        public_key=visit.given("public_key"),
        shortest=SHORTEST,
    )


def _dead(visit: Visit) -> Response:
    """One and the same page for every link that is not live, after the same work."""
    if visit.of.limits.take("dead link", visit.place, FROM_AN_ADDRESS):
        note_dead_try(visit.registry, visit.path("token"), peer=visit.peer)
    return visit.page("setup_dead.html", status=404, hours=HOURS)


PAGES = [Page(SETUP + "/{token}", Need.NOTHING, get=look, post=choose, secret_in="token")]  # noqa: S106 - a part of the address
