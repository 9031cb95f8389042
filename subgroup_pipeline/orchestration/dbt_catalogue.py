"""How the dbt project stands in Dagster's catalogue: keys, words, columns and checks of the models, from the manifest.

The decorator `@dbt_assets` of dagster-dbt makes every model a button of its own, and a model built alone would leave its district
half new. So the specs come from its translator, which needs the manifest only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from subgroup_pipeline.build.column_origins import column_origins
from subgroup_pipeline.desk.links import dbt_docs_url, lineage_url
from subgroup_pipeline.orchestration.dagster_without_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject
from subgroup_pipeline.orchestration.resources import OWNERS
from subgroup_pipeline.settings import bundled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.settings import Settings

UNIQUE_ID = "dagster_dbt/unique_id"
COLUMNS = "dagster/column_schema"
LINEAGE = "dagster/column_lineage"
_TYPE_UNKNOWN = "?"


_OF_SOURCE = {"control": ["run_scope"], "history": ["history"]}
"""The assets that stand for a whole schema."""


class _Translator(DagsterDbtTranslator):  # type: ignore[misc]
    """Names of our assets: `staging/…`, `intermediate/…`, `marts/…`; raw and control sources are the assets before them."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            source = dbt_resource_props["source_name"]
            return dg.AssetKey(["raw", dbt_resource_props["name"]] if source == "raw" else _OF_SOURCE[source])
        return dg.AssetKey([self.get_group_name(dbt_resource_props) or "", dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["config"].get("schema") or "marts")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002 - dagster-dbt's signature
        return OWNERS

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's own words; dagster-dbt's default appends its SQL, which runs into them where a list shows one line."""
        return str(dbt_resource_props["description"])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """A data test with its own words. Its failing rows hold their districts back; they never stop the others' publish."""
        spec: dg.AssetCheckSpec | None = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=manifest["nodes"][unique_id]["description"], blocking=False)


def asset_key(dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
    """The asset that stands for a model or source of the manifest."""
    return _Translator().get_asset_key(dbt_resource_props)


def model_specs(manifest: Mapping[str, Any], settings: Settings) -> tuple[Sequence[dg.AssetSpec], Sequence[dg.AssetCheckSpec]]:
    """One asset per model and one check per data test. A test of several models belongs to the one that its `meta` names."""
    translator = _Translator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))
    project = DbtProject(project_dir=bundled("dbt_project"), target_path=settings.paths.dbt_target)
    nodes = manifest["nodes"]
    specs = {
        unique_id: translator.get_asset_spec(manifest, unique_id, project)
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model"
    }
    found = [
        translator.get_asset_check_spec(spec, manifest, child, project)
        for unique_id, spec in specs.items()
        for child in manifest["child_map"].get(unique_id, [])
        if child in nodes and nodes[child]["resource_type"] == "test"
    ]
    checks = {check.get_python_identifier(): check for check in found if check}
    lineage = column_lineage()
    return [
        spec.merge_attributes(metadata=_lineage_metadata(lineage.get(spec.key)) | _pages(spec, settings))
        for spec in specs.values()
    ], list(checks.values())


def _pages(spec: dg.AssetSpec, settings: Settings) -> dict[str, Any]:
    """Pages of the portal about a model: dbt's own, and of a published one where its columns come from."""
    pages = {"dbt_docs": dbt_docs_url(settings, spec.metadata[UNIQUE_ID])}
    if spec.group_name == "marts":
        pages["where_columns_come_from"] = lineage_url(settings, spec.key.path[-1])
    return {name: dg.MetadataValue.url(url) for name, url in pages.items()}


def column_lineage() -> dict[dg.AssetKey, dg.TableColumnLineage]:
    """Which columns each column of a model is made of, from the file that `make docs` makes."""
    return {
        dg.AssetKey.from_user_string(model): dg.TableColumnLineage(
            {
                column: [
                    dg.TableColumnDep(dg.AssetKey.from_user_string(asset), name)
                    for asset, names in origins.items()
                    for name in names
                ]
                for column, origins in columns.items()
            }
        )
        for model, columns in column_origins().items()
    }


def _lineage_metadata(lineage: dg.TableColumnLineage | None) -> dict[str, Any]:
    """For Dagster's API and its hosted catalogue; the web server that ships with us hides that entry, so it gets words."""
    if lineage is None:
        return {}
    rows = [
        f"| `{column}` | {', '.join(f'`{dep.asset_key.to_user_string()}.{dep.column_name}`' for dep in deps)} |"
        for column, deps in lineage.deps_by_column.items()
    ]
    return {LINEAGE: lineage, "columns_are_made_of": dg.MetadataValue.md("\n".join(["| column | made of |", "|-|-|", *rows]))}


def typed_columns(spec: dg.AssetSpec, types: Mapping[str, str]) -> dg.TableSchema | None:
    """Columns of a model with the types that the warehouse gave them, if its project file names columns without types."""
    columns = spec.metadata[COLUMNS].columns
    if all(column.type != _TYPE_UNKNOWN for column in columns):
        return None
    return dg.TableSchema(
        [dg.TableColumn(column.name, types.get(column.name, _TYPE_UNKNOWN), column.description) for column in columns]
    )
