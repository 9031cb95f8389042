"""Exporting now: which districts, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.registered import districts_of_shard
from subgroup_pipeline.errors import ExportError
from subgroup_pipeline.export.export import Exported, export_districts
from subgroup_pipeline.warehouse.connection import warehouse_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def export_now(
    registry: Registry, settings: Settings, directory: str | None, district_ids: Sequence[str], *, wait: bool = False
) -> Exported:
    """Export these districts (none named: all that this home takes) to a directory, or where the settings say.

    Raises ExportError, WarehouseBusyError.
    """
    address = directory or settings.export_url
    if not address:
        raise ExportError("where to? Name a directory, or set SUBGROUPS_EXPORT_URL.")
    districts = districts_of_shard(registry, settings.own_shard, list(district_ids))
    with warehouse_lock(settings, wait=wait):
        return export_districts(registry, settings, districts, address)
