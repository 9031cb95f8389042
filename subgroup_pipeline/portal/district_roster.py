"""`/d/<id>/roster`: where a district's roster comes from; for a roster server its secrets, given anew, and testing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.roster_offer import FIELDS, read_offer, take_offer
from subgroup_pipeline.desk.roster_server import given_secrets, replace_secrets, roster_server
from subgroup_pipeline.desk.roster_trial import try_roster_server
from subgroup_pipeline.errors import SettingsError, StaleSettingsError
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.desk.roster_trial import TriedServer
    from subgroup_pipeline.districts.registered import RegisteredDistrict

OF_A_SERVER = Rate(tries=5, seconds=60)
"""How often a district's roster server is asked because somebody pressed a button."""
_AT = "/d/{district_id}/roster"


def roster(visit: Visit) -> Response:
    """Where the roster comes from."""
    return _page(visit)


def replace(visit: Visit) -> Response:
    """Take secrets in place of those before: all that the server needs, or none."""
    district = district_of(visit)
    auth = district.settings.roster.auth
    if auth is None:
        raise HTTPException(404)
    secrets, wrong = given_secrets(auth.secrets, {name: visit.given(name) for name in auth.secrets})
    if wrong:
        return _page(visit, wrong=wrong)
    replace_secrets(visit.registry, visit.settings, district, secrets, actor=visit.who)
    return visit.go(_at(district), said="The secrets are kept. Test the connection now: press the button below.")


def choose(visit: Visit) -> Response:
    """Take another server, or the first one, with its secrets: both are in force, or neither."""
    district = district_of(visit)
    offer = read_offer(visit.settings, {name: visit.given(name) for name in FIELDS})
    if offer.wrong:
        return _page(visit, wrong_offer=offer.wrong)
    try:
        take_offer(visit.registry, visit.settings, district, offer, actor=visit.who)
    except StaleSettingsError:
        return visit.go(_at(district), said="Somebody else changed your settings meanwhile. Please look again.")
    except SettingsError as error:
        return _page(visit, wrong_offer={"address": str(error)})
    return visit.go(_at(district), said="From the next night on we fetch your roster there. Test the connection now.")


def test(visit: Visit) -> Response:
    """Ask the server for one record of each list, and say what it answered."""
    district = district_of(visit)
    require_patience(visit, district)
    try:
        return _page(visit, tried=try_roster_server(visit.registry, visit.settings, district, actor=visit.who))
    except SettingsError as error:
        raise HTTPException(404) from error


def require_patience(visit: Visit, district: RegisteredDistrict) -> None:
    """Raise HTTPException (429) where a server of others would be asked too often."""
    if not visit.of.limits.take("roster server", district.district_id, OF_A_SERVER):
        raise HTTPException(429, "That was tested too often. Wait a minute, and test again.", headers={"retry-after": "60"})


def _page(
    visit: Visit,
    *,
    wrong: dict[str, str] | None = None,
    wrong_offer: dict[str, str] | None = None,
    tried: TriedServer | None = None,
) -> Response:
    district = district_of(visit)
    return district_page(
        visit,
        "district_roster.html",
        district,
        status=422 if wrong or wrong_offer else 200,
        server=roster_server(visit.registry, district),
        folder=district.settings.roster.path,
        on_own_server=district.settings.server,
        wrong=wrong or {},
        wrong_offer=wrong_offer or {},
        given=visit.given,
        tried=tried,
    )


def _at(district: RegisteredDistrict) -> str:
    return _AT.format(district_id=district.district_id)


PAGES = [
    Page(_AT, Need.DELIVERIES, get=roster),
    Page(f"{_AT}/secrets", Need.DELIVERIES, post=replace),
    Page(f"{_AT}/server", Need.DELIVERIES, post=choose),
    Page(f"{_AT}/test", Need.DELIVERIES, post=test),
]
