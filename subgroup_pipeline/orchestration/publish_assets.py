"""The last asset: the snapshot that analysts and dashboards read."""

import time
from datetime import UTC, datetime, timedelta

import dagster as dg

from subgroup_pipeline.orchestration.dagster_history import DagsterHistory
from subgroup_pipeline.orchestration.night_runs import is_night
from subgroup_pipeline.orchestration.resources import OWNERS, RegistryResource, WarehouseResource
from subgroup_pipeline.publish.snapshot import publish_snapshot
from subgroup_pipeline.registry.nights import note_ended
from subgroup_pipeline.upkeep.places import Installation
from subgroup_pipeline.upkeep.proof import is_proof_due, prove_all
from subgroup_pipeline.upkeep.runner import run_upkeep


@dg.op(ins={"built": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def publish(context: dg.OpExecutionContext, warehouse: WarehouseResource, registry: RegistryResource) -> dg.Output[None]:
    """Publish what was built, note in the audit log that the night ended, and then make the releases that are still due."""
    published = publish_snapshot(registry, warehouse.settings, run_id=context.run_id)
    if is_night(context.run):
        outcome = "published" if published and published.is_new else "nothing new"
        record = context.instance.get_run_record_by_id(context.run_id)
        seconds = time.time() - record.start_time if record and record.start_time else None
        note_ended(registry, context.run_id, outcome, seconds)
    if published is None:
        return dg.Output(None, metadata={"is_new": False, "districts": 0})
    is_new = published.is_new
    seconds = 60.0 * warehouse.settings.release_minutes
    if published.waiting and seconds:
        published = publish_snapshot(registry, warehouse.settings, run_id=context.run_id, seconds=seconds) or published
    manifest = published.manifest
    return dg.Output(
        None,
        metadata={
            "snapshot": manifest.snapshot,
            "is_new": is_new,
            "releases_still_due": published.waiting,
            "districts": len(manifest.districts),
            "students": sum(district.student_count for district in manifest.districts.values()),
            "dagster/row_count": sum(manifest.tables.values()),
            "contract_version": manifest.contract_version,
            "path": dg.MetadataValue.path(str(warehouse.settings.paths.published_database)),
        },
    )


def build_published_snapshot(models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Define the asset; it follows every mart that was built, and runs also when none was.

    Dagster skips a step when one of its inputs is absent, unless the step has a single input from all of them and one of them
    is there: `run_scope` always is.
    """
    upstream = [dg.AssetKey("run_scope"), *(key for key in models.keys if key.path[0] == "marts")]

    @dg.graph_asset(
        group_name="publish",
        owners=OWNERS,
        kinds={"duckdb"},
        ins={key.to_python_identifier(): dg.AssetIn(key, dagster_type=dg.Nothing) for key in sorted(upstream)},
    )
    def published_snapshot(**built: None) -> None:
        """The marts as readers see them: copied, verified, and swapped in by one link; the last seven are kept."""
        return publish(list(built.values()))  # type: ignore[no-any-return]

    fresh = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=25))
    return published_snapshot.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=fresh))


@dg.asset(group_name="upkeep", owners=OWNERS, kinds={"file"}, deps=["published_snapshot"])
def upkeep(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, registry: RegistryResource
) -> dg.MaterializeResult[None]:
    """What left because its time was over, by policy, over all districts; the ledger keeps that deliveries came."""
    history = DagsterHistory(context.instance, warehouse.settings)
    cleared = run_upkeep(Installation(warehouse.settings, registry, datetime.now(UTC), history))
    for one in cleared:
        if one.fault:
            context.log.error("%s", one.fault)
    return dg.MaterializeResult(
        metadata={
            **{one.policy.name: one.things for one in cleared},
            "bytes": sum(one.bytes for one in cleared),
            "policies_with_a_fault": sum(bool(one.fault) for one in cleared),
        }
    )


@dg.asset(group_name="upkeep", owners=OWNERS, kinds={"file"}, deps=["published_snapshot"])
def proved_files(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, registry: RegistryResource
) -> dg.MaterializeResult[None]:
    """Once a week: every archived and published file held against its hash, registry and warehouse read to the last byte."""
    if not is_proof_due(registry, datetime.now(UTC)):
        return dg.MaterializeResult(metadata={"is_due": False})
    proof = prove_all(registry, warehouse.settings, run_id=context.run_id)
    for said in proof.damage:
        context.log.error("%s", said)
    return dg.MaterializeResult(
        metadata={
            "is_due": True,
            "archived_files": proof.archived,
            "published_files": proof.published,
            "damaged": len(proof.damage),
        }
    )
