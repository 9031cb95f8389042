"""The dbt models as Dagster assets and their data tests as checks: what the room `build` did, as events of a run."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from subgroup_pipeline.build.dbt import BuiltModel, open_models, prepared_manifest
from subgroup_pipeline.build.models import hold_what_fails, scope_size
from subgroup_pipeline.orchestration.dbt_catalogue import COLUMNS, UNIQUE_ID, model_specs, typed_columns
from subgroup_pipeline.orchestration.district_delivery import report_deliveries
from subgroup_pipeline.orchestration.resources import DistrictsResource, RegistryResource, WarehouseResource
from subgroup_pipeline.orchestration.what_ran import assets_that_were_built
from subgroup_pipeline.registry.ledger import get_deliveries
from subgroup_pipeline.settings import Settings


def build_models(settings: Settings) -> dg.AssetsDefinition:
    """Define one asset per model, and one check per data test, from the manifest.

    They are materialized together or not at all: a model built alone would leave its districts half new and untested.
    """
    specs, checks = model_specs(prepared_manifest(settings), settings)
    spec_of = {spec.metadata[UNIQUE_ID]: spec for spec in specs}
    check_of = {check.metadata[UNIQUE_ID]: check for check in checks}

    @assets_that_were_built(specs, checks)
    def dbt_models(
        context: dg.AssetExecutionContext,
        warehouse: WarehouseResource,
        registry: RegistryResource,
        districts: DistrictsResource,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Build the districts in scope, then test them; with none in scope nothing is built, and nothing is said.

        A test stays failed while it fails for a district that this run did not build.
        """
        size = scope_size(warehouse.settings)
        if not size:
            return
        with open_models(warehouse.settings) as models:
            for model in models.build():
                spec = spec_of[model.unique_id]
                yield dg.MaterializeResult(asset_key=spec.key, metadata=_facts(spec, model) | {"districts_built": size})
            tested = hold_what_fails(registry, models)
        for district_id, tests in tested.failing.items():
            context.log.error("%s keeps what is published: %s failed", district_id, ", ".join(tests))
        if tested.held:
            with registry.begin() as session:
                report_deliveries(context, districts, get_deliveries(session, tested.held))
        for test in tested.tests:
            check, failing = check_of[test.unique_id], tested.districts_failing.get(test.name, 0)
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=not failing,
                metadata={
                    "failing_rows": test.failing_rows,
                    "districts_tested": size,
                    "failing_districts": failing,
                },
            )

    return dbt_models


def _facts(spec: dg.AssetSpec, model: BuiltModel) -> dict[str, Any]:
    """Seconds, rows, and the columns with their types where the project file leaves the types out."""
    facts: dict[str, Any] = {"seconds": model.seconds}
    if model.rows is not None:
        facts["dagster/row_count"] = model.rows
    if columns := typed_columns(spec, model.types):
        facts[COLUMNS] = columns
    return facts
