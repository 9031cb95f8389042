"""The last asset: the snapshot that analysts and dashboards read."""

import dagster as dg

from subgroup_pipeline.orchestration.resources import OWNERS, POOL, Night
from subgroup_pipeline.publish.snapshot import publish_snapshot
from subgroup_pipeline.registry.ledger import PIPELINE


def build_published_snapshot(models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Define the asset; it follows every mart."""

    @dg.asset(
        group_name="publish",
        owners=OWNERS,
        kinds={"duckdb"},
        deps=[key for key in models.keys if key.path[0] == "marts"],
        pool=POOL,
    )
    def published_snapshot(context: dg.AssetExecutionContext, night: Night) -> dg.MaterializeResult[None]:
        """The marts as readers see them: copied, verified, and swapped in by one link; the last seven are kept."""
        published = publish_snapshot(night.registry, night.settings, run_id=context.run_id)
        outcome = "published" if published and published.is_new else "nothing new"
        night.registry.audit("night.ended", actor=PIPELINE, detail={"run_id": context.run_id, "outcome": outcome})
        if published is None:
            return dg.MaterializeResult(metadata={"is_new": False, "districts": 0})
        manifest = published.manifest
        return dg.MaterializeResult(
            metadata={
                "snapshot": manifest.snapshot,
                "is_new": published.is_new,
                "districts": len(manifest.districts),
                "students": sum(district.student_count for district in manifest.districts.values()),
                "dagster/row_count": sum(manifest.tables.values()),
                "contract_version": manifest.contract_version,
                "path": dg.MetadataValue.path(str(night.settings.paths.published_database)),
            }
        )

    return published_snapshot
