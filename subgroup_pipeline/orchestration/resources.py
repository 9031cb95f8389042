"""What steps are given: the registry, the warehouse that their run holds to its end, and the districts of the run.

The settings are bound here, once. No step, sensor or schedule reads the environment again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.disk import require_room, room_for_a_snapshot
from subgroup_pipeline.districts.registered import RegisteredDistrict, districts_of_shard
from subgroup_pipeline.logs import RUN_ID, log_event, open_log
from subgroup_pipeline.orchestration.killed_runs import end_killed_runs, hold_run
from subgroup_pipeline.past.lost_history import begin_history_again
from subgroup_pipeline.registry.damage import note_damage
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.settings import Settings
from subgroup_pipeline.stages import MEASURED, measured_run, spent
from subgroup_pipeline.warehouse.connection import open_warehouse, warehouse_lock
from subgroup_pipeline.warehouse.proof import HISTORY, prove_warehouse

if TYPE_CHECKING:
    import duckdb

OWNERS = ["team:data-engineering"]


@dataclass(frozen=True)
class Warehouse:
    """The warehouse of an installation, which nobody else writes while a run has this."""

    settings: Settings

    def open(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """The connection of a step; it is closed on leaving, so that dbt and Great Expectations can open the files."""
        return open_warehouse(self.settings)


@dataclass(frozen=True)
class RunDistricts:
    """The districts of a run (`only` by key; none: all), and what their deliveries came to in it so far, by delivery."""

    settings: Settings
    registry: Registry
    only: Sequence[str] = ()
    verdicts: dict[str, str] = field(default_factory=dict)

    def chosen(self) -> list[RegisteredDistrict]:
        """The districts that this home takes, with their newest settings."""
        return districts_of_shard(self.registry, self.settings.own_shard, list(self.only))


RegistryResource = dg.ResourceParam[Registry]
WarehouseResource = dg.ResourceParam[Warehouse]
DistrictsResource = dg.ResourceParam[RunDistricts]


def resources(settings: Settings) -> Mapping[str, dg.ResourceDefinition]:
    """The resources of one installation, by the names that steps ask for."""

    @dg.resource(description="Deliveries, findings, decisions and districts.")
    def registry(_context: dg.InitResourceContext) -> Iterator[Registry]:
        opened = open_registry(settings)
        try:
            yield opened
        finally:
            opened.close()

    @dg.resource(
        description="DuckDB's files. One run at a time holds them, from its first step to its last.",
        required_resource_keys={"registry"},
        config_schema={
            "wait": dg.Field(
                bool,
                default_value=False,
                description="Wait for another run to end instead of failing while that one holds it.",
            )
        },
    )
    def warehouse(context: dg.InitResourceContext) -> Iterator[Warehouse]:
        open_log(settings)
        RUN_ID.set(context.run_id)
        try:
            if context.instance is not None and context.run_id:
                hold_run(settings, context.run_id)
                end_killed_runs(context.instance, settings)
            with warehouse_lock(settings, wait=context.resource_config["wait"]), measured_run():
                _look_around(settings, context.resources.registry)
                yield Warehouse(settings)
                log_event(MEASURED, stages={name: asdict(one) for name, one in spent().items()})
        finally:
            RUN_ID.set(None)

    @dg.resource(
        description="The districts of the run.",
        required_resource_keys={"registry"},
        config_schema={
            "only": dg.Field(
                [str], default_value=[], description="Only these districts, by key; an empty list means all of them."
            )
        },
    )
    def districts(context: dg.InitResourceContext) -> RunDistricts:
        return RunDistricts(settings, context.resources.registry, context.resource_config["only"])

    return {"registry": registry, "warehouse": warehouse, "districts": districts}


def _look_around(settings: Settings, registry: Registry) -> None:
    """Refuse to begin without room, and make way for damaged files of the warehouse. Raises DiskFullError."""
    require_room(settings.paths, "a night", room_for_a_snapshot(settings.paths))
    damaged = prove_warehouse(settings)
    if derived := [name for name in damaged if name != HISTORY]:
        said = f"{' and '.join(derived)} in the warehouse was damaged; this run made it anew from archive and ledger."
        note_damage(registry, "warehouse", said)
    begin_history_again(registry, settings)
