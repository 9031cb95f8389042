"""The one resource: settings, registry and districts of a run, and the warehouse lock that it holds to its end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

from subgroup_pipeline.disk import require_room, room_for_a_snapshot
from subgroup_pipeline.districts.registered import RegisteredDistrict, registered_districts
from subgroup_pipeline.logs import RUN_ID, open_log
from subgroup_pipeline.orchestration.killed_runs import end_killed_runs, hold_run
from subgroup_pipeline.registry.damage import note_damage
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import warehouse_lock
from subgroup_pipeline.warehouse.proof import prove_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNERS = ["team:data-engineering"]
POOL = "warehouse"
"""Dagster's pool for every step that writes the warehouse (limit 1 in the shipped dagster.yaml)."""


class Night(dg.ConfigurableResource[Any]):
    """What every step of a run needs. The descriptions of its fields are what Dagster's launchpad shows."""

    districts: list[str] = Field(default_factory=list, description="Only these districts, by key; an empty list means all.")
    wait: bool = Field(default=False, description="Wait for another run to end instead of failing while it holds the warehouse.")

    _settings: Settings = PrivateAttr()
    _registry: Registry = PrivateAttr()
    _verdicts: dict[str, str] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Night]:
        """Hold the warehouse for as long as the run lasts (all steps run in one process)."""
        self._settings = load_settings()
        self._registry = open_registry(self._settings)
        open_log(self._settings)
        RUN_ID.set(context.run_id)
        try:
            if context.instance is not None and context.run_id:
                hold_run(self._settings, context.run_id)
                end_killed_runs(context.instance, self._settings)
            with warehouse_lock(self._settings, wait=self.wait):
                self._look_around()
                yield self
        finally:
            RUN_ID.set(None)
            self._registry.close()

    def _look_around(self) -> None:
        """Refuse to begin without room, and make way for damaged files of the warehouse. Raises DiskFullError."""
        require_room(self._settings.paths, "a night", room_for_a_snapshot(self._settings.paths))
        if damaged := prove_warehouse(self._settings):
            said = f"{' and '.join(damaged)} in the warehouse was damaged; this run made it anew from archive and ledger."
            note_damage(self._registry, "warehouse", said)

    @property
    def settings(self) -> Settings:
        """Settings of the installation."""
        return self._settings

    @property
    def registry(self) -> Registry:
        """The registry."""
        return self._registry

    @property
    def verdicts(self) -> dict[str, str]:
        """What deliveries came to in this run so far, by delivery; steps enter what they decide."""
        return self._verdicts

    def chosen(self) -> list[RegisteredDistrict]:
        """The districts of this run, with their newest settings."""
        return registered_districts(self._registry, self.districts)
