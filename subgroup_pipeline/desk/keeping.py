"""Keeping an installation: proving what is kept, saving it, clearing what is past its time, dropping what is derived.

Each holds the warehouse meanwhile. Raises WarehouseBusyError while a run does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.archive_proof import require_archive
from subgroup_pipeline.upkeep.backup import back_up
from subgroup_pipeline.upkeep.places import Installation
from subgroup_pipeline.upkeep.proof import prove_all
from subgroup_pipeline.upkeep.runner import run_upkeep
from subgroup_pipeline.warehouse.connection import warehouse_lock

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.upkeep.places import RunHistory


@dataclass(frozen=True)
class Verified:
    """Files that were read, and what is damaged, each in a sentence with its mend."""

    archived_files: int
    published_files: int
    damage: list[str]


@dataclass(frozen=True)
class ClearedPlace:
    """A line of the table of what leaves when, with what left now (or would leave); `fault` says what could not."""

    policy: str
    place: str
    holds: str
    kept: str
    kept_longer_by: str
    things: int
    bytes: int
    fault: str


def verify(registry: Registry, settings: Settings) -> Verified:
    """Read everything that is kept to the last byte, and mend what is derived."""
    with warehouse_lock(settings):
        proof = prove_all(registry, settings, run_id="verify")
    return Verified(proof.archived, proof.published, proof.damage)


def clear(registry: Registry, settings: Settings, history: RunHistory, *, dry_run: bool) -> list[ClearedPlace]:
    """Remove what is past its time, as every night does; with `dry_run` only say what would leave."""
    with warehouse_lock(settings):
        cleared = run_upkeep(Installation(settings, registry, datetime.now(UTC), history), dry_run=dry_run)
    return [
        ClearedPlace(
            policy=one.policy.name,
            place=one.policy.place,
            holds=one.policy.holds,
            kept=one.policy.kept_under(settings),
            kept_longer_by=one.policy.longer,
            things=one.things,
            bytes=one.bytes,
            fault=one.fault,
        )
        for one in cleared
    ]


def save(registry: Registry, settings: Settings, target: Path, *, with_keys: bool) -> int:
    """Write a backup to a new file; gives its bytes. Raises SettingsError when it exists or cannot be written."""
    with warehouse_lock(settings):
        return back_up(registry, settings, target, with_keys=with_keys)


def drop_warehouse(registry: Registry, settings: Settings) -> None:
    """Remove the warehouse, once the archive is proved to hold what makes it anew. Raises ArchiveDamagedError else."""
    with warehouse_lock(settings):
        require_archive(registry, settings)
        for place in settings.paths.warehouse.glob("*.duckdb*"):
            place.unlink()
