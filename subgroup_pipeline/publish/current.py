"""Which snapshot readers see: the newest, or the one that a rollback pins; changed by swapping one link.

`published/current` links to a snapshot, and `published/analytics.duckdb` leads through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.disk import sync_to_disk, write_whole
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.logs import log_event
from subgroup_pipeline.publish.manifest import DATABASE, snapshot_names
from subgroup_pipeline.publish.posting import post_released

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.settings import Settings


def show_newest(settings: Settings) -> None:
    """Point readers at the newest snapshot, unless a rollback pins them to another."""
    names = snapshot_names(settings)
    if names and not settings.paths.pinned_snapshot.exists():
        _show(settings, names[-1])


def roll_back(settings: Settings, snapshot: str | None = None) -> str:
    """Show an older snapshot (the one before what readers see, or a named one) and pin it; gives its name.

    Raises PublishError when there is no such snapshot.
    """
    names = snapshot_names(settings)
    shown = settings.paths.current_snapshot.resolve().name
    older = [name for name in names if name < shown]
    wanted = snapshot or (older[-1] if older else "")
    if wanted not in names:
        what = f"there is no snapshot {snapshot}" if snapshot else "there is no snapshot before the one that is shown"
        raise PublishError(f"{what}; kept are {', '.join(names) or 'none'}.")
    # A half pin would keep readers where they are, and nobody would know where.
    write_whole(settings.paths.pinned_snapshot, wanted + "\n")
    _show(settings, wanted)
    return wanted


def release(settings: Settings) -> str | None:
    """End a rollback: readers see the newest snapshot again; gives its name, or None when nothing is published."""
    settings.paths.pinned_snapshot.unlink(missing_ok=True)
    show_newest(settings)
    names = snapshot_names(settings)
    return names[-1] if names else None


def _show(settings: Settings, name: str) -> None:
    """Show a snapshot to readers and to the noticeboard. What keeps it from the noticeboard stops nothing else."""
    swap(settings.paths, name)
    try:
        post_released(settings)
    except OSError as error:
        log_event("noticeboard.kept", reason=error.strerror or type(error).__name__)


def swap(home: Home, name: str) -> None:
    """Point `current` at a snapshot in one step, and make sure that `analytics.duckdb` leads through it."""
    if home.current_snapshot.resolve().name != name:
        _replace_link(home.current_snapshot, name)
    if not home.published_database.is_symlink():
        _replace_link(home.published_database, f"current/{DATABASE}")
    sync_to_disk(home.published)


def _replace_link(link: Path, target: str) -> None:
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
