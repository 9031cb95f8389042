"""`/staff/held`: deliveries that wait for a person, what approving each would change, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk import deliveries
from subgroup_pipeline.desk.holds import list_holds, show_hold
from subgroup_pipeline.errors import LedgerError
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.staff_districts import page_number

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.desk.holds import ShownHold

_LONGEST_REASON = 1_000


def held(visit: Visit) -> Response:
    """All that waits, the oldest first; `?district=` shows those of one district."""
    district_id = visit.asked("district")[:60]
    holds = list_holds(visit.registry, district_id, page_number(visit))
    return visit.page("staff_holds.html", holds=holds, district_id=district_id)


def one_hold(visit: Visit) -> Response:
    """One delivery with its preview."""
    return _page(visit, _shown(visit))


def decide(visit: Visit) -> Response:
    """Approve or reject it in the name of whoever is signed in, with a reason."""
    shown = _shown(visit)
    delivery_id = shown.hold.upload.delivery_id
    reason = visit.given("reason").strip()[:_LONGEST_REASON]
    decision = visit.given("decision")
    if decision not in ("approve", "reject"):
        raise HTTPException(400, "Choose whether to approve or to reject.")
    if not reason:
        return _page(visit, shown, wrong="Write why: the reason is kept, and the district sees it.", status=422)
    try:
        if decision == "approve":
            deliveries.approve(visit.registry, delivery_id, by=visit.who, reason=reason)
        else:
            deliveries.reject(visit.registry, delivery_id, by=visit.who, reason=reason, only_held=True)
    except LedgerError as error:
        said = f"This was not done: {error}"
        return _page(visit, _shown(visit), impossible=said, reason=reason, status=409)
    approved, rejected = "Approved. The next run of the district publishes it.", "Rejected. The reports keep what they show now."
    words = approved if decision == "approve" else rejected
    return visit.go(f"/staff/held/{delivery_id}", words)


def _shown(visit: Visit) -> ShownHold:
    shown = show_hold(visit.registry, visit.path("delivery_id"))
    if shown is None:
        raise HTTPException(404)
    return shown


def _page(
    visit: Visit, shown: ShownHold, *, wrong: str = "", impossible: str = "", reason: str = "", status: int = 200
) -> Response:
    form = {"wrong": wrong, "impossible": impossible, "reason": reason}
    return visit.page("staff_hold.html", status=status, shown=shown, hold=shown.hold, form=form)


PAGES = [
    Page("/staff/held", Need.STAFF, get=held),
    Page("/staff/held/{delivery_id}", Need.STAFF, get=one_hold, post=decide),
]
