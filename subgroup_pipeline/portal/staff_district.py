"""`/staff/districts/<id>`: one district for staff, and what they do about its keys, its password and its next run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.passwords import remove_password
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk import keys
from subgroup_pipeline.desk.district_record import district_record
from subgroup_pipeline.errors import UnknownDistrictError, UnknownKeyError
from subgroup_pipeline.portal.district_frame import district_of
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.registry.asked_checks import ask_check

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.districts.district_keys import Change

_AT = "/staff/districts/{district_id}"


def district(visit: Visit) -> Response:
    """Everything about one district."""
    try:
        record = district_record(visit.registry, visit.settings, visit.district_id)
    except UnknownDistrictError as error:
        raise HTTPException(404) from error
    return visit.page("staff_district.html", record=record)


def run_now(visit: Visit) -> Response:
    """Have the next run take this district's uploads, and publish what was approved, without waiting for the night."""
    district_id = district_of(visit).district_id
    is_new = ask_check(visit.registry, district_id, by=visit.who)
    words = "A run was asked for. It begins within minutes." if is_new else "A run is asked for already, or under way."
    return visit.go(_page_of(district_id), words)


def change_key(visit: Visit) -> Response:
    """Pause, resume or revoke a key; it is in force at once."""
    district_id = district_of(visit).district_id
    changes: dict[str, Change] = {"pause": "paused", "resume": "resumed", "revoke": "revoked"}
    what = changes.get(visit.given("change"))
    if what is None:
        raise HTTPException(400, "Choose what is to be done with the key.")
    try:
        keys.change(visit.registry, district_id, visit.given("fingerprint"), what, actor=visit.who)
    except UnknownKeyError:
        return visit.go(_page_of(district_id), "That key is not there any more; nothing was changed.")
    return visit.go(_page_of(district_id), f"The key was {what}.")


def drop_password(visit: Visit) -> Response:
    """Remove the password; nobody signs in with it from now on."""
    district_id = district_of(visit).district_id
    was_there = remove_password(visit.registry, district_id, actor=visit.who)
    return visit.go(_page_of(district_id), "The password was removed." if was_there else "There was no password to remove.")


def _page_of(district_id: str) -> str:
    return _AT.format(district_id=district_id)


PAGES = [
    Page(_AT, Need.STAFF, get=district),
    Page(f"{_AT}/run", Need.STAFF, post=run_now),
    Page(f"{_AT}/keys", Need.STAFF, post=change_key),
    Page(f"{_AT}/password/remove", Need.STAFF, post=drop_password),
]
