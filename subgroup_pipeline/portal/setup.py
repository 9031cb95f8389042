"""`/setup/<token>`: the page where a district chooses its password, gives its key or the secrets of its roster server.

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
from subgroup_pipeline.desk.roster_offer import FIELDS, read_offer, with_source
from subgroup_pipeline.desk.roster_server import given_secrets, roster_server
from subgroup_pipeline.desk.set_up import Chosen, Way, set_up, welcome_contacts
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import DeadInvitationError, PasswordRefusedError, SettingsError, StaleSettingsError
from subgroup_pipeline.portal.connection import connection_page, new_permit
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.districts.registered import RegisteredDistrict

FROM_AN_ADDRESS = Rate(tries=10, seconds=6)
"""Forms that one address may send: ten at once, then ten a minute."""
ON_A_LINK = Rate(tries=5, seconds=30)
"""Forms that may be sent on one link: five at once, then two a minute. None of them uses the link up unless it is right."""
_SECRETS: dict[Way, str] = {"password": "password", "key": "public_key", "server": "address"}
"""The field that holds what a district chose, and where it is said what is wrong."""
SERVER: Way = "server"


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
    try:
        district = registered_district(visit.registry, find_invitation(visit.registry, token, peer=visit.peer))
        chosen, wrong = _read(visit, district)
        if wrong:
            return _form(visit, district, wrong=wrong)
        done = set_up(visit.registry, visit.settings, district, token, chosen, peer=visit.peer)
    except DeadInvitationError:
        return _dead(visit)
    except (PasswordRefusedError, SettingsError) as error:
        return _form(visit, district, wrong={_SECRETS[chosen.way]: str(error)})
    except StaleSettingsError:
        return _form(visit, district, wrong={"address": "Your settings were changed meanwhile. Please send the form again."})
    welcomed = welcome_contacts(visit.registry, visit.settings, district)
    return connection_page(visit, new_permit(visit, done), is_new=True, welcomed=welcomed)


def _read(visit: Visit, district: RegisteredDistrict) -> tuple[Chosen, dict[str, str]]:
    """What the form says, and by field what is wrong with it.

    A district that uploads anything needs a password or a key; one whose roster is fetched needs the secrets for that.
    """
    form, roster = visit.given("way"), district.settings.roster
    secrets: dict[str, str] = {}
    wrong: dict[str, str] = {}
    source = None
    if form == SERVER and not roster.is_fetched:
        offer = read_offer(visit.settings, {name: visit.given(name) for name in FIELDS})
        secrets, wrong = offer.secrets, offer.wrong
        if offer.auth is not None:
            try:
                source = with_source(visit.registry, district, offer.url, offer.auth)
            except SettingsError as error:
                wrong = {"address": str(error)}
    elif roster.auth is not None:
        secrets, wrong = given_secrets(roster.auth.secrets, {name: visit.given(name) for name in roster.auth.secrets})
    way: Way = "key" if form == "key" else "password"
    if form == SERVER and not district.settings.has_subgroup_file:
        way = SERVER
    secret = "" if way == SERVER else visit.given(_SECRETS[way])
    if way == "password" and secret != visit.given("again"):
        wrong = wrong | {"again": "The two passwords differ. Type the same one twice."}
    return Chosen(way, secret, secrets, source), wrong


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
        form=visit.given("way"),
        given=visit.given,
        server=roster_server(visit.registry, district),
        is_own_server=district.settings.server is not None,
        public_key=visit.given("public_key"),
        shortest=SHORTEST,
    )


def _dead(visit: Visit) -> Response:
    """One and the same page for every link that is not live, after the same work."""
    if visit.of.limits.take("dead link", visit.place, FROM_AN_ADDRESS):
        note_dead_try(visit.registry, visit.path("token"), peer=visit.peer)
    return visit.page("setup_dead.html", status=404, hours=HOURS)


PAGES = [Page(SETUP + "/{token}", Need.NOTHING, get=look, post=choose, secret_in="token")]  # noqa: S106 - a part of the address
