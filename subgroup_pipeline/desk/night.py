"""A night as whoever starts it sees it: what has to settle first, what it changed, could not fetch or found damaged."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.deliveries import ShownDelivery, as_shown
from subgroup_pipeline.districts.lateness import STAGE
from subgroup_pipeline.districts.registered import districts_of_shard
from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.registry.damage import damage_since
from subgroup_pipeline.registry.ledger import all_deliveries, describe_delivery, district_findings
from subgroup_pipeline.registry.nights import Standing, changed_since, standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.shard import Shard


@dataclass(frozen=True)
class Begun:
    """The districts of a night, and how things stood before it."""

    districts: frozenset[str]
    at: datetime
    before: Standing


@dataclass(frozen=True)
class Fault:
    """What kept a district from being fetched."""

    district_id: str
    code: str
    message: str
    how_to_fix: str


@dataclass(frozen=True)
class Late:
    """A finding about uploads that did not come, and the districts of which it is so."""

    code: str
    message: str
    districts: list[str]


@dataclass(frozen=True)
class NightSeen:
    """What a night did: deliveries that it changed, oldest first, and what a person should hear of."""

    changed: list[ShownDelivery]
    faults: list[Fault]
    late: list[Late]
    damage: list[str]

    @property
    def districts_with_a_fault(self) -> set[str]:
        """Districts that could not be fetched."""
        return {fault.district_id for fault in self.faults}


def begin(registry: Registry, shard: Shard, district_ids: Sequence[str], now: datetime) -> Begun:
    """Note how things stand before a night of these districts (none: all of a shard). Raises UnknownDistrictError."""
    districts = districts_of_shard(registry, shard, list(district_ids))
    with registry.begin() as session:
        return Begun(frozenset(district.district_id for district in districts), now, standing(session))


def see(registry: Registry, begun: Begun) -> NightSeen:
    """What has changed and what was found since then."""
    with registry.begin() as session:
        changed = [d for d in changed_since(session, begun.before) if d.district_id in begun.districts]
        shown = [as_shown(describe_delivery(delivery)) for delivery in changed]
        found = [f for f in district_findings(session) if f.district_id in begun.districts and f.found_at >= begun.at]
    late = defaultdict(set)
    for finding in found:
        if finding.stage == STAGE:
            late[finding.code].add(finding.district_id)
    return NightSeen(
        changed=shown,
        faults=[Fault(f.district_id, f.code, f.message, f.how_to_fix) for f in found if f.stage != STAGE],
        late=[Late(code, catalogue()[code].what, sorted(districts)) for code, districts in sorted(late.items())],
        damage=damage_since(registry, begun.at),
    )


def seconds_to_settle(settings: Settings, district_ids: Sequence[str]) -> float:
    """How long until loose files on our own server have stood long enough, so that one night takes all; a zip proves itself."""
    files = [file for name in district_ids or ["*"] for file in settings.paths.sftp.glob(f"{name}/inbox/*/*")]
    changed = [file.stat().st_mtime for file in files if file.suffix.lower() != ".zip" and file.is_file()]
    return max(0.0, max(changed, default=0.0) + settings.settle_seconds - time.time())


def uploads_that_settle(registry: Registry, district_ids: Sequence[str]) -> int:
    """How many deliveries wait for files that are not proved complete yet."""
    return sum(d.sha256 is None for d in all_deliveries(registry, district_ids or None, ["received"]))
