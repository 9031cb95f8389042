"""`/staff/invitations`: the set-up links of districts, for staff: made, made anew, revoked. A link is shown when it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subgroup_pipeline.access.invitations import HOURS, MOST_HOURS
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.invitations import SHOWN, invitations, invite, revoke
from subgroup_pipeline.errors import SettingsError, UnknownDistrictError
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

_AT = "/staff/invitations"
_LASTS = {24: "one day", HOURS: "three days", MOST_HOURS: "a week"}
"""What a link may last, in hours and in words."""


def links(visit: Visit) -> Response:
    """Links of all districts, or of the one that the address names; the newest first."""
    return _page(visit, visit.asked("district")[:60].strip())


def make(visit: Visit) -> Response:
    """Make a district's link, in place of the one before, and show it this once."""
    district_id, hours = visit.given("district").strip()[:60], visit.given("hours")
    try:
        invited, mailed_to = invite(
            visit.registry,
            visit.settings,
            district_id,
            by=visit.who,
            hours=int(hours) if hours.isdecimal() and len(hours) < 5 else HOURS,
        )
    except (UnknownDistrictError, SettingsError) as error:
        return _page(visit, district_id, wrong=str(error), status=422)
    return _page(visit, district_id, invited=invited, mailed_to=mailed_to)


def take_back(visit: Visit) -> Response:
    """Revoke a district's live link."""
    district_id = visit.given("district").strip()[:60]
    try:
        was_live = revoke(visit.registry, district_id, by=visit.who)
    except UnknownDistrictError as error:
        return _page(visit, district_id, wrong=str(error), status=422)
    return visit.go(_AT, "The link was revoked." if was_live else "That link had ended already; nothing was changed.")


def _page(visit: Visit, district_id: str, *, status: int = 200, wrong: str = "", **values: Any) -> Response:  # noqa: ANN401 - a template's values
    made = {"invited": None, "mailed_to": []} | values
    found = invitations(visit.registry, district_id if district_id and not wrong else None)
    return visit.page(
        "staff_invitations.html",
        status=status,
        district_id=district_id,
        links=found,
        is_cut=len(found) == SHOWN,
        lasts=_LASTS,
        hours=HOURS,
        wrong=wrong,
        **made,
    )


PAGES = [Page(_AT, Need.STAFF, get=links, post=make), Page(_AT + "/revoke", Need.STAFF, post=take_back)]
