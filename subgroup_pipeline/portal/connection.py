"""`/connection/<permit>`: what a district that has just set itself up needs to connect, and whether it works.

A permit is the signed name of the district, good for an hour after the set-up. It shows how to connect, what the district's own
programs did since, and what a night would say about a file; nothing that was ever delivered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.connection import connection_of
from subgroup_pipeline.desk.links import CONNECTION
from subgroup_pipeline.desk.roster_server import roster_server
from subgroup_pipeline.desk.roster_trial import try_roster_server
from subgroup_pipeline.desk.set_up import SetUp
from subgroup_pipeline.desk.sign_in_attempts import attempts
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import SettingsError, UnknownDistrictError
from subgroup_pipeline.portal.district_roster import require_patience
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.tried_file import MOST_BODY, MOST_MEGABYTES, try_file

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.districts.registered import RegisteredDistrict

LASTS = 3600
"""Seconds for which a permit is good."""
STOP_ASKING = 286
"""The status with which htmx ends its polling."""


@dataclass(frozen=True)
class Permit:
    """A permit as it stands in an address, and what it is for."""

    text: str
    of: SetUp


def new_permit(visit: Visit, done: SetUp) -> Permit:
    """A permit for a district that has just set itself up."""
    return Permit(_signer(visit).dumps([done.district_id, done.way, done.after_event]), done)


def look(visit: Visit) -> Response:
    """The page again, for as long as the permit is good."""
    return connection_page(visit, _permit(visit))


def seen(visit: Visit) -> Response:
    """What the district's programs did since, as a part of the page; the browser asks every few seconds."""
    permit = _permit(visit)
    shown = _attempts(visit, permit)
    is_over = any(attempt.outcome == "good" for attempt in shown["attempts"])
    return visit.page("connection_seen.html", status=STOP_ASKING if is_over else 200, permit=permit.text, **shown)


def check(visit: Visit) -> Response:
    """Say what a night would say about a file that came with the form."""
    permit = _permit(visit)
    tried = try_file(visit, permit.of.district_id, actor=permit.of.district_id, limited_by=permit.text)
    return connection_page(visit, permit, wrong=tried.wrong, checked=tried.checked)


def test_server(visit: Visit) -> Response:
    """Ask the district's roster server for one record of each list, and say what it answered."""
    permit = _permit(visit)
    district = _district(visit, permit)
    require_patience(visit, district)
    try:
        tried = try_roster_server(visit.registry, visit.settings, district, actor=permit.of.district_id)
    except SettingsError as error:
        raise HTTPException(404) from error
    return connection_page(visit, permit, tried=tried)


def connection_page(visit: Visit, permit: Permit, *, is_new: bool = False, wrong: str = "", **values: Any) -> Response:  # noqa: ANN401 - a template's values
    """The page: that the district is set up, how it connects, and what came of trying."""
    district = _district(visit, permit)
    return visit.page(
        "connection.html",
        status=422 if wrong else 200,
        secret=permit.text,
        permit=permit.text,
        way=permit.of.way,
        is_new=is_new,
        connection=connection_of(visit.settings, district),
        district=district.settings,
        **_attempts(visit, permit),
        wrong=wrong,
        most_megabytes=MOST_MEGABYTES,
        server=roster_server(visit.registry, district),
        **({"checked": None, "tried": None, "welcomed": 0} | values),
    )


def _attempts(visit: Visit, permit: Permit) -> dict[str, Any]:
    """What the part of the page about sign-ins shows."""
    found = attempts(visit.registry, permit.of.district_id, permit.of.after_event)
    return {"account": permit.of.district_id, "zone": _district(visit, permit).settings.timezone, "attempts": found}


def _permit(visit: Visit) -> Permit:
    """The permit in the address. Raises HTTPException (404) for one that is over or not ours."""
    text = visit.path("permit")
    try:
        district_id, way, after_event = _signer(visit).loads(text, max_age=LASTS)
    except BadSignature as error:
        raise HTTPException(404) from error
    return Permit(text, SetUp(district_id, way, after_event))


def _district(visit: Visit, permit: Permit) -> RegisteredDistrict:
    try:
        return registered_district(visit.registry, permit.of.district_id)
    except UnknownDistrictError as error:
        raise HTTPException(404) from error


def _signer(visit: Visit) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(visit.of.key, salt="connection", signer_kwargs={"digest_method": hashlib.sha256})


_AT = CONNECTION + "/{permit}"
PAGES = [
    Page(_AT, Need.NOTHING, get=look),
    Page(_AT + "/seen", Need.NOTHING, get=seen),
    Page(_AT + "/server", Need.NOTHING, post=test_server, secret_in="permit", before_reading=_permit),  # noqa: S106 - a part of the address
    Page(_AT + "/check", Need.NOTHING, post=check, secret_in="permit", most_bytes=MOST_BODY, before_reading=_permit),  # noqa: S106 - a part of the address
]
