"""Checks of what lies on the disk: room, and the files under the home."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.doctor.complaint import Complaint, complaint

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings

_LEAST_FREE = 2 * 1024**3


def disk(settings: Settings) -> list[Complaint]:
    """Room for the next night."""
    settings.paths.make()
    free = shutil.disk_usage(settings.paths.root).free
    if free > _LEAST_FREE:
        return []
    what = f"{free / 1024**3:.1f} GiB are free under {settings.paths.root}."
    return [complaint("error", what, "Free space: a night needs room for a second copy of the warehouse.")]


def warehouse(settings: Settings) -> list[Complaint]:
    """Whether a run is at work."""
    from subgroup_pipeline.errors import WarehouseBusyError
    from subgroup_pipeline.landing.warehouse import warehouse_lock

    try:
        with warehouse_lock(settings):
            return []
    except WarehouseBusyError as error:
        return [complaint("note", str(error))]
