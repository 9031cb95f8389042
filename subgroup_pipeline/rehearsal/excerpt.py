"""An excerpt of a registry: what judging one district's next delivery needs of it, copied into an empty registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.ledger import FEEDS, base_deliveries, latest_delivery, live_delivery
from subgroup_pipeline.registry.schema import Base, Delivery, DeliveryFile, District, DistrictSettingsVersion, FindingRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.settings import Settings

DECIDED = ("held", "accepted", "published", "superseded", "rejected")
"""States that are copied; what waits for the next run is not part of what is known."""


def empty_registry(settings: Settings) -> Registry:
    """A registry of a home that is thrown away, with the tables of today: nothing to migrate, nothing to survive a crash."""
    engine = sa.create_engine(settings.registry_url)
    Base.metadata.create_all(engine)
    return Registry(engine, settings.paths)


def copy_district(source: Registry, target: Registry, district: RegisteredDistrict) -> set[str]:
    """Copy a district, its newest settings and its decided deliveries; gives the sha256 of the uploads they stand on.

    Those are the live deliveries, the latest of each feed, and the sets that deltas were applied to.
    """
    district_id = district.district_id
    with source.begin() as session, target.begin() as copy:
        needed = _needed(session, district_id)
        _copy(session, copy, District, District.district_id == district_id)
        version = DistrictSettingsVersion.version == district.version
        _copy(session, copy, DistrictSettingsVersion, DistrictSettingsVersion.district_id == district_id, version)
        decided = sa.and_(Delivery.district_id == district_id, Delivery.state.in_(DECIDED), Delivery.sha256.is_not(None))
        _copy(session, copy, Delivery, decided)
        of_these = sa.select(Delivery.delivery_id).where(decided)
        _copy(session, copy, DeliveryFile, DeliveryFile.delivery_id.in_(of_these))
        _copy(session, copy, FindingRow, FindingRow.delivery_id.in_([delivery.delivery_id for delivery in needed]))
        return {file.sha256 for delivery in needed for file in delivery.files if not file.member_of}


def _needed(session: Session, district_id: str) -> Collection[Delivery]:
    deliveries = [live_delivery(session, district_id, feed) for feed in FEEDS]
    deliveries += [latest_delivery(session, district_id, feed) for feed in FEEDS]
    found = {delivery.delivery_id: delivery for delivery in deliveries if delivery is not None and delivery.state in DECIDED}
    return [*found.values(), *(base for base in base_deliveries(session, found.values()) if base.delivery_id not in found)]


def _copy(source: Session, target: Session, table: type[Base], *which: sa.ColumnElement[bool]) -> None:
    rows = source.execute(sa.select(table.__table__).where(*which)).mappings().all()
    if rows:
        target.execute(sa.insert(table.__table__), [dict(row) for row in rows])  # type: ignore[arg-type]
