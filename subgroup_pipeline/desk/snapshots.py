"""Snapshots as a person sees them, and which of them readers see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.publish import current
from subgroup_pipeline.publish.manifest import DATABASE, snapshot_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from subgroup_pipeline.publish.join import Joined
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_OPERATOR = "operator"


@dataclass(frozen=True)
class ListedSnapshot:
    """A snapshot that is kept; `bytes` are those of its staff file."""

    snapshot: str
    bytes: int
    is_shown: bool


def list_snapshots(settings: Settings) -> list[ListedSnapshot]:
    """The snapshots that are kept, newest first."""
    home = settings.paths
    shown = home.current_snapshot.resolve().name
    return [
        ListedSnapshot(name, (home.published / name / DATABASE).stat().st_size, name == shown)
        for name in reversed(snapshot_names(settings))
    ]


def is_rolled_back(settings: Settings) -> bool:
    """Whether a rollback keeps readers where they are."""
    return settings.paths.pinned_snapshot.exists()


def roll_back(registry: Registry, settings: Settings, snapshot: str | None) -> str:
    """Show readers an older snapshot until `release`; gives its name. Raises PublishError when there is none."""
    shown = current.roll_back(settings, snapshot)
    registry.audit("publish.rolled_back", actor=_OPERATOR, detail={"snapshot": shown})
    return shown


def join(registry: Registry, settings: Settings, homes: Sequence[Path]) -> Joined:
    """Publish the newest snapshots of these homes as one. Raises PublishError, WarehouseBusyError."""
    from subgroup_pipeline.publish.join import join_snapshots
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    with warehouse_lock(settings):
        joined = join_snapshots(settings, homes, run_id="join")
    if joined.published.is_new:
        detail = {"snapshot": joined.published.manifest.snapshot, "missing_shards": joined.missing}
        registry.audit("publish.joined", actor=_OPERATOR, detail=detail)
    return joined


def release(registry: Registry, settings: Settings) -> str | None:
    """End a rollback; gives the newest snapshot, which readers see again, or None when nothing is published."""
    shown = current.release(settings)
    registry.audit("publish.released", actor=_OPERATOR, detail={"snapshot": shown})
    return shown
