"""A district that leaves: everything of it goes from every place of the table of policies, and a certificate says what went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import AuditEvent, DistrictKey, DistrictPassword, DistrictSecret, Invitation
from subgroup_pipeline.upkeep.policies import POLICIES
from subgroup_pipeline.upkeep.runner import in_words

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.upkeep.places import Installation

BEGAN, ENDED = "district.offboarding_began", "district.offboarded"
_DOORS = (DistrictKey, DistrictPassword, DistrictSecret, Invitation)


def is_under_way(registry: Registry, district_id: str) -> bool:
    """Whether a district's offboarding began and did not end: a kill may come when the registry knows nothing else of it."""
    with registry.begin() as session:
        query = sa.select(AuditEvent.kind).where(AuditEvent.district_id == district_id, AuditEvent.kind.in_((BEGAN, ENDED)))
        return session.scalars(query.order_by(AuditEvent.event_id.desc()).limit(1)).first() == BEGAN


@dataclass(frozen=True)
class Removed:
    """What went from a place (or would go): files, folders or rows, and bytes of files. `fault` says what could not."""

    place: str
    holds: str
    things: int
    bytes: int
    fault: str = ""


def offboard(at: Installation, district_id: str, *, by: str, dry_run: bool) -> list[Removed]:
    """Remove a district from every place, the registry last; with `dry_run` only say what would go.

    The caller holds the warehouse. Repeating it after a kill goes on where that stopped: what went is not found again. A fault
    keeps the rows of the registry, so that the district can be named again.
    """
    if not dry_run:
        at.registry.audit(BEGAN, actor=by, district_id=district_id)
        with at.registry.begin() as session:  # nobody uploads meanwhile
            for door in _DOORS:
                session.execute(sa.delete(door).where(door.__table__.c.district_id == district_id))
    removed: list[Removed] = []
    for policy in POLICIES:
        things = size = 0
        fault = ""
        if policy.name == "registered" and any(one.fault for one in removed):
            continue
        try:
            for leaving in policy.of_district(at, district_id):
                if not dry_run:
                    leaving.remove()
                things += leaving.things
                size += leaving.bytes
        except Exception as error:  # noqa: BLE001 - whatever stops one place must not keep the others from clearing
            fault = in_words(error)
        if things or fault:
            removed.append(Removed(policy.place, policy.holds, things, size, fault))
    if not dry_run and not any(one.fault for one in removed):
        detail = {one.place: {"things": one.things, "bytes": one.bytes} for one in removed}
        at.registry.audit(ENDED, actor=by, district_id=district_id, detail=detail)
    return removed
