"""An installation at a glance: the last night, what waits for a person, who is late, what readers see, and the disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.desk.snapshots import is_rolled_back
from subgroup_pipeline.disk import free_bytes
from subgroup_pipeline.districts.lateness import CODES, STAGE, missed_nights
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.publish.manifest import read_manifest
from subgroup_pipeline.registry.ledger import all_deliveries, district_findings, iso_time
from subgroup_pipeline.registry.nights import last_end, last_night
from subgroup_pipeline.registry.schema import Delivery, District, FindingRow

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class Overview:
    """What `subgroups status` says. Times are ISO-8601 UTC; `late_nights` are missed nights by district and feed."""

    last_night_at: str | None
    last_night: str | None
    last_night_deliveries: dict[str, int]
    newest_snapshot: str | None
    shown_snapshot: str | None
    is_rolled_back: bool
    districts: int
    districts_published: int
    districts_released: int
    held: int
    oldest_held: str | None
    oldest_held_at: str | None
    late_nights: dict[str, dict[Feed, int]]
    districts_with_a_fault: list[str]
    disk_free_gib: float


def overview(registry: Registry, settings: Settings) -> Overview:
    """The installation as it stands now."""
    manifest = read_manifest(settings)
    held = all_deliveries(registry, states=["held"])
    districts = registered_districts(registry)
    with registry.begin() as session:
        night = last_night(session)
        faults = sorted({finding.district_id for finding in district_findings(session) if finding.stage != STAGE})
    shown = settings.paths.current_snapshot
    return Overview(
        last_night_at=iso_time(night.ended_at) if night else None,
        last_night=night.in_words if night else None,
        last_night_deliveries=night.deliveries if night else {},
        newest_snapshot=manifest.snapshot if manifest else None,
        shown_snapshot=shown.resolve().name if shown.exists() else None,
        is_rolled_back=is_rolled_back(settings),
        districts=len(districts),
        districts_published=len(manifest.districts) if manifest else 0,
        districts_released=len(manifest.releases) if manifest else 0,
        held=len(held),
        oldest_held=held[0].delivery_id if held else None,
        oldest_held_at=iso_time(held[0].received_at) if held else None,
        late_nights=missed_nights(registry, districts, datetime.now(UTC)),
        districts_with_a_fault=faults,
        disk_free_gib=round(free_bytes(settings.paths) / 1024**3, 1),
    )


@dataclass(frozen=True)
class Glance:
    """The installation in a few numbers, which cost the same with thousands of districts; as the last night noted them."""

    last_night_at: datetime | None
    last_night: str
    last_night_seconds: float | None
    districts: int
    held: int
    late: int
    faults: int
    is_rolled_back: bool
    disk_free_gib: float


def glance(registry: Registry, settings: Settings) -> Glance:
    """What stands at the top of the table of districts."""
    late = sa.case((sa.and_(FindingRow.stage == STAGE, FindingRow.code.in_(CODES)), FindingRow.district_id))
    fault = sa.case((FindingRow.stage != STAGE, FindingRow.district_id))
    counts = sa.select(sa.func.count(sa.distinct(late)), sa.func.count(sa.distinct(fault)))
    with registry.begin() as session:
        night = last_end(session)
        districts = session.scalar(sa.select(sa.func.count()).select_from(District)) or 0
        held = session.scalar(sa.select(sa.func.count()).select_from(Delivery).where(Delivery.state == "held")) or 0
        late_districts, faults = session.execute(counts.where(FindingRow.delivery_id.is_(None))).one()
    return Glance(
        last_night_at=night.at if night else None,
        last_night=str(night.detail.get("outcome", "")) if night else "",
        last_night_seconds=night.detail.get("seconds") if night else None,
        districts=districts,
        held=held,
        late=late_districts,
        faults=faults,
        is_rolled_back=is_rolled_back(settings),
        disk_free_gib=round(free_bytes(settings.paths) / 1024**3, 1),
    )
