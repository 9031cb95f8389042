"""Checks of what lies on the disk: room, and the files under the home."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.doctor.complaint import Complaint

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_LEAST_FREE = 2 * 1024**3
_WEEK = timedelta(days=7)
_MOST_TOLD = 10


def disk(settings: Settings) -> list[Complaint]:
    """Room for the next night."""
    settings.paths.make()
    free = shutil.disk_usage(settings.paths.root).free
    if free > _LEAST_FREE:
        return []
    what = f"{free / 1024**3:.1f} GiB are free under {settings.paths.root}."
    return [Complaint("error", what, "Free space: a night needs room for a second copy of the warehouse.")]


def warehouse(settings: Settings) -> list[Complaint]:
    """Whether a run is at work."""
    from subgroup_pipeline.errors import WarehouseBusyError
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    try:
        with warehouse_lock(settings):
            return []
    except WarehouseBusyError as error:
        return [Complaint("note", str(error))]


def registry_pages(_settings: Settings, registry: Registry) -> list[Complaint]:
    """Whether every page of the registry can be read; a damaged one is told by its error."""
    registry.require_whole()
    return []


def archive(settings: Settings, registry: Registry) -> list[Complaint]:
    """Whether the archive has the files that a rebuild would read; their bytes are proved by `verify`."""
    from subgroup_pipeline.intake.archive_proof import how_to_mend, lost_files

    return [Complaint("error", f"{lost}.", how_to_mend(lost, settings)) for lost in lost_files(registry, settings)[:_MOST_TOLD]]


def keys(settings: Settings) -> list[Complaint]:
    """Whether the key of every district opens: without it, its archive does not."""
    from subgroup_pipeline.errors import KeyringError
    from subgroup_pipeline.keyring import Keyring

    keyring, found = Keyring(settings.paths), []
    for path in sorted((settings.paths.keys / "districts").glob("*.key")):
        try:
            keyring.derived_key(path.stem, "archive", is_new=False)
        except KeyringError as error:
            what = f"What is kept of {path.stem} does not open: {error}"
            found.append(Complaint("error", what, "Bring `keys/` back from where it is kept."))
    return found[:_MOST_TOLD]


def damage(_settings: Settings, registry: Registry) -> list[Complaint]:
    """What was found damaged in the last week, and whether anybody looked."""
    from subgroup_pipeline.registry.damage import damage_since, last_proof

    now = datetime.now(UTC)
    found = [Complaint("warning", said) for said in damage_since(registry, now - _WEEK)[-_MOST_TOLD:]]
    proved = last_proof(registry)
    if proved is not None and now - proved > 2 * _WEEK:
        what = f"Archive and snapshots were last held against their hashes on {proved:%Y-%m-%d}."
        found.append(Complaint("warning", what, "`subgroups verify` does it now; a night does it once a week."))
    return found


def warehouse_files(settings: Settings) -> list[Complaint]:
    """Whether the warehouse's files and the history open; a run mends a damaged one, so it is no error."""
    from subgroup_pipeline.errors import WarehouseBusyError
    from subgroup_pipeline.warehouse.connection import warehouse_lock
    from subgroup_pipeline.warehouse.proof import HISTORY, damaged_files

    try:
        with warehouse_lock(settings):
            damaged = damaged_files(settings)
    except WarehouseBusyError:  # the run that holds them opened them
        return []
    mend = "`subgroups run` sets it aside and makes it anew"
    ends = {HISTORY: ", as far back as the archive reaches; docs/runbook.md says how a backup helps."}
    return [Complaint("warning", f"{name} in the warehouse is damaged.", f"{mend}{ends.get(name, '.')}") for name in damaged]


def bookkeeping(settings: Settings) -> list[Complaint]:
    """Whether Dagster's SQLite files can be read; nothing of a district rests on them."""
    from subgroup_pipeline.upkeep.bookkeeping import damaged_files

    return [
        Complaint("warning", f"Dagster's {file.name} is damaged.", "`subgroups run` sets it aside and begins a new one.")
        for file in damaged_files(settings, every_page=True)
    ]
