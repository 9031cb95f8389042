"""A district that leaves, as a person sees it: a certificate of what was removed, and what a person still has to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import UnknownDistrictError
from subgroup_pipeline.registry.ledger import iso_time
from subgroup_pipeline.upkeep.offboarding import Removed, is_under_way, offboard
from subgroup_pipeline.upkeep.places import Installation
from subgroup_pipeline.warehouse.connection import warehouse_lock

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.upkeep.places import RunHistory

KEPT = (
    "The audit log: who did what and when, with counts, and without anything of a student.",
    "Dagster's runs and our logs, up to 90 days: ids of deliveries, counts and codes.",
)


BACKUPS = (
    "Backups made before hold this district until they are deleted. Of those made with --without-keys its uploads open no more, "
    "wherever its key is gone too."
)


@dataclass(frozen=True)
class Certificate:
    """What was removed of a district, place by place. `is_complete` is false in a dry run, and where something stayed."""

    district_id: str
    district_name: str
    removed_at: str
    removed_by: str
    is_dry_run: bool
    is_complete: bool
    removed: list[Removed]
    kept: list[str]
    still_to_do: list[str]


def offboard_district(
    registry: Registry, settings: Settings, history: RunHistory, district_id: str, *, by: str, dry_run: bool
) -> Certificate:
    """Remove a district from the whole installation; again after a kill, whatever that left of it.

    Raises UnknownDistrictError, WarehouseBusyError while a run works.
    """
    try:
        name = registered_district(registry, district_id).settings.name
    except UnknownDistrictError:
        if not is_under_way(registry, district_id):
            raise
        name = district_id  # the registry holds its name no more
    with warehouse_lock(settings):
        at = Installation(settings, registry, datetime.now(UTC), history)
        removed = offboard(at, district_id, by=by, dry_run=dry_run)
    return Certificate(
        district_id=district_id,
        district_name=name,
        removed_at=iso_time(datetime.now(UTC)) or "",
        removed_by=by,
        is_dry_run=dry_run,
        is_complete=not dry_run and not any(one.fault for one in removed),
        removed=removed,
        kept=list(KEPT),
        still_to_do=_still_to_do(settings),
    )


def _still_to_do(settings: Settings) -> list[str]:
    """What lies where this installation does not reach."""
    todo = [BACKUPS]
    if settings.mirror_url.get_secret_value():
        todo.append("The PostgreSQL mirror follows with the next night, or with `subgroups mirror sync`.")
    if settings.export_url:
        todo.append(f"Exports of this district under {settings.export_url}: delete them there.")
    if settings.is_on_postgres:
        todo.append("PostgreSQL: run `vacuum full` on the registry's database, so that freed pages keep nothing.")
    return todo
