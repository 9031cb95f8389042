"""`/staff/districts/propose`: settings for a new district, proposed from a sample file, looked through, and registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.districts import register_new
from subgroup_pipeline.desk.proposal.proposal import Identity
from subgroup_pipeline.desk.proposal.uploaded import MOST_BYTES, propose_uploaded
from subgroup_pipeline.errors import ProposalError, SettingsError
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from typing import BinaryIO

    from starlette.responses import Response

_ROOM = 256 * 1024
"""Bytes of a form beside its files."""


def form(visit: Visit) -> Response:
    """The form alone."""
    return _page(visit)


def propose(visit: Visit) -> Response:
    """The form as it was sent, and below it what was found."""
    sample, roster = _file(visit, "sample"), _file(visit, "roster")
    if sample is None:
        return _page(visit, status=422, wrong="Choose the sample file.")
    identity = Identity(*(visit.given(name).strip() for name in ("district", "name", "timezone")))
    try:
        found = propose_uploaded(visit.settings, sample, roster, identity)
    except ProposalError as error:
        return _page(visit, status=422, wrong=str(error))
    return _page(visit, found=found, yaml=found["yaml"])


def register(visit: Visit) -> Response:
    """Register what stands in the text; a text that is refused comes back with the reason."""
    text = visit.given("yaml").replace("\r\n", "\n")
    try:
        district_id = register_new(visit.registry, text, actor=visit.who)
    except SettingsError as error:
        return _page(visit, status=422, yaml=text, refused=str(error))
    return visit.go("/staff", said=f"{district_id} is registered. Invite it next.")


def _page(
    visit: Visit, *, status: int = 200, found: dict[str, Any] | None = None, yaml: str = "", wrong: str = "", refused: str = ""
) -> Response:
    given = {name: visit.given(name) for name in ("district", "name", "timezone")}
    return visit.page(
        "staff_propose.html", status=status, given=given, found=found, yaml=yaml, wrong=wrong, refused=refused.splitlines()
    )


def _file(visit: Visit, name: str) -> tuple[str, BinaryIO] | None:
    upload = visit.given_file(name)
    return (upload.filename or "file", upload.file) if upload else None


PAGES = [
    Page("/staff/districts/propose", Need.STAFF, get=form, post=propose, most_bytes=2 * MOST_BYTES + _ROOM),
    Page("/staff/districts/propose/register", Need.STAFF, post=register),
]
