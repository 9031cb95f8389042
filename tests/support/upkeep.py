"""Upkeep as a night does it, on any day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.settings import Settings
from subgroup_pipeline.upkeep.places import Installation, RunHistory
from subgroup_pipeline.upkeep.runner import run_upkeep


def clear(
    settings: Settings, registry: Registry, *, days: float = 0, dry_run: bool = False, history: RunHistory | None = None
) -> dict[str, int]:
    """Upkeep so many days from now; gives how many things left, by policy. A fault fails the test."""
    then = datetime.now(UTC) + timedelta(days=days)
    cleared = run_upkeep(Installation(settings, registry, then, history), dry_run=dry_run)
    assert [one.fault for one in cleared if one.fault] == []
    return {one.policy.name: one.things for one in cleared if one.things}
