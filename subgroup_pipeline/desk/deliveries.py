"""Deliveries as a person sees them, what a person decides about them, and their reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.desk.dashboard.changes import newest_changes
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.errors import LedgerError
from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.ledger import all_deliveries, describe_delivery, find_by_beginning
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import State
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class ShownFinding:
    """What was found, where, how often, and how to mend it."""

    code: str
    severity: str
    file: str | None
    line: int | None
    column: str | None
    count: int | None
    message: str
    how_to_fix: str


@dataclass(frozen=True)
class ShownDelivery:
    """A delivery with all that is known of it. Times are ISO-8601 UTC; `delivery_id` is None for one that only was tried."""

    delivery_id: str | None
    district_id: str
    feed: str
    state: str
    verdict: str | None
    sha256: str | None
    received_at: str | None
    seen_again_at: str | None
    seen_again_count: int
    proof: str | None
    files: list[str]
    counts: DeliveryRecord
    findings: list[ShownFinding]


def as_shown(described: Mapping[str, Any]) -> ShownDelivery:
    """A delivery from how the ledger describes it."""
    findings = [ShownFinding(**finding) for finding in described["findings"]]
    return ShownDelivery(**{**described, "counts": DeliveryRecord(**described["counts"]), "findings": findings})


def list_deliveries(
    registry: Registry, districts: Sequence[str] | None = None, states: Sequence[State] | None = None
) -> list[ShownDelivery]:
    """Deliveries of these districts in these states (none: all), oldest first. Raises UnknownDistrictError."""
    registered_districts(registry, list(districts or []))
    found = all_deliveries(registry, districts, states or None)
    return [as_shown(describe_delivery(delivery)) for delivery in found]


def show_delivery(registry: Registry, beginning: str) -> ShownDelivery:
    """The delivery whose id begins so. Raises LedgerError when none does, or more than one."""
    return as_shown(describe_delivery(_find(registry, beginning)))


def approve(registry: Registry, beginning: str, *, by: str, reason: str) -> ShownDelivery:
    """Let a held delivery through. Raises LedgerError when it is not held, or older than the live one."""
    with registry.begin() as session:
        delivery = find_by_beginning(session, beginning)
        decisions.approve(session, delivery, by=by, reason=reason)
        return as_shown(describe_delivery(delivery))


def reject(
    registry: Registry, beginning: str, *, by: str, reason: str, only_held: bool = False
) -> tuple[ShownDelivery, ShownDelivery | None]:
    """Refuse a delivery; gives it, and the accepted one before it that is live again.

    Raises LedgerError when it cannot be; with `only_held` also when it is not on hold any more.
    """
    with registry.begin() as session:
        delivery = find_by_beginning(session, beginning)
        if only_held and delivery.state != "held":
            raise LedgerError(f"delivery {delivery.delivery_id} is {delivery.state}; it does not wait for a decision any more.")
        previous = decisions.reject(session, delivery, by=by, reason=reason)
        return as_shown(describe_delivery(delivery)), as_shown(describe_delivery(previous)) if previous else None


def replay(registry: Registry, beginning: str, *, by: str) -> ShownDelivery:
    """Have a delivery landed and judged again by the next run. Raises LedgerError when it cannot be."""
    with registry.begin() as session:
        delivery = find_by_beginning(session, beginning)
        decisions.replay(session, delivery, by=by)
        return as_shown(describe_delivery(delivery))


def report(registry: Registry, settings: Settings, beginning: str, form: str) -> bytes:
    """The error report of a delivery as a page, a workbook, CSV or JSON. Raises LedgerError."""
    delivery = _find(registry, beginning)
    districts = {one.district_id: one for one in registered_districts(registry, [delivery.district_id])}
    changes = {delivery.district_id: newest_changes(settings, delivery.district_id)}
    (built,) = build_reports(registry, settings, districts, [delivery], changes=changes)
    return FORMS[form](built)


def _find(registry: Registry, beginning: str) -> Delivery:
    with registry.begin() as session:
        return find_by_beginning(session, beginning)
