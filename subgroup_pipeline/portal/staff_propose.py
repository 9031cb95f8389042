"""`/staff/districts/propose`: settings proposed from a sample file, which `/staff/districts/new` then looks at and registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.proposal.proposal import Identity
from subgroup_pipeline.desk.proposal.uploaded import MOST_BYTES, propose_uploaded
from subgroup_pipeline.errors import ProposalError
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
    return _page(visit, found=found)


def _page(visit: Visit, *, status: int = 200, found: dict[str, Any] | None = None, wrong: str = "") -> Response:
    given = {name: visit.given(name) for name in ("district", "name", "timezone")}
    return visit.page("staff_propose.html", status=status, given=given, found=found, wrong=wrong)


def _file(visit: Visit, name: str) -> tuple[str, BinaryIO] | None:
    upload = visit.given_file(name)
    return (upload.filename or "file", upload.file) if upload else None


PAGES = [
    Page("/staff/districts/propose", Need.STAFF, get=form, post=propose, most_bytes=2 * MOST_BYTES + _ROOM),
]
