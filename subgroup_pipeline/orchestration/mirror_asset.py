"""The PostgreSQL mirror as an asset after the snapshot; an installation without one has none."""

from collections.abc import Iterator

import dagster as dg

from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.mirror.sync import Mirrored, sync_mirror
from subgroup_pipeline.orchestration.resources import OWNERS, WarehouseResource
from subgroup_pipeline.settings import Settings

_FOLLOWS = dg.AssetCheckSpec(
    "follows_the_snapshot", asset="postgres_mirror", description="The mirror holds the snapshot that readers see here."
)


@dg.asset(group_name="publish", owners=OWNERS, kinds={"postgres"}, deps=["published_snapshot"], check_specs=[_FOLLOWS])
def postgres_mirror(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """What is published, in the PostgreSQL database that BI tools read. When it fails, the night goes on, and the next tries."""
    mirrored, fault = _synced(warehouse.settings)
    if fault:
        context.log.error("%s", fault)
        yield dg.MaterializeResult(metadata={"is_current": False})
        yield dg.AssetCheckResult(passed=False, check_name=_FOLLOWS.name, metadata={"why": fault})
        return
    facts: dict[str, int | str | bool] = {"is_current": True}
    if mirrored is not None:
        facts |= {
            "snapshot": mirrored.snapshot,
            "changed_districts": mirrored.changed_districts,
            "removed_districts": mirrored.removed_districts,
            "new_tables": mirrored.new_tables,
            "dagster/row_count": mirrored.rows,
        }
    yield dg.MaterializeResult(metadata=facts)
    yield dg.AssetCheckResult(passed=True, check_name=_FOLLOWS.name)


def _synced(settings: Settings) -> tuple[Mirrored | None, str]:
    """What the sync did, and what went wrong. Only our own words are told: another error may quote a row."""
    try:
        return sync_mirror(settings), ""
    except SubgroupsError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - the night's own work is done by now, whatever happened here
        return None, f"the mirror failed with {type(error).__name__}; `subgroups mirror sync` shows where."
