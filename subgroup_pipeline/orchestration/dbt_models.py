"""The dbt models as Dagster assets, loaded from the project's manifest; built by dbt in a process of its own."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from subgroup_pipeline.errors import BuildError
from subgroup_pipeline.landing.warehouse import open_warehouse
from subgroup_pipeline.orchestration.resources import OWNERS, POOL, Night
from subgroup_pipeline.publish.scope import mark_built, model_version
from subgroup_pipeline.settings import Settings, bundled


class _Translator(DagsterDbtTranslator):  # type: ignore[misc]
    """Names of our assets: `staging/…`, `intermediate/…`, `marts/…`; raw and control sources are the assets before them."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            is_raw = dbt_resource_props["source_name"] == "raw"
            return dg.AssetKey(["raw", dbt_resource_props["name"]] if is_raw else ["run_scope"])
        return dg.AssetKey([dbt_resource_props["config"].get("schema") or "marts", dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["config"].get("schema") or "marts")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002 - dagster-dbt's signature
        return OWNERS


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What `dbt_project/profiles.yml` and dbt itself read from the environment; nothing is written beside the project."""
    home = settings.paths
    return {
        "SUBGROUPS_RAW_DATABASE": str(home.raw_database),
        "SUBGROUPS_ANALYTICS_DATABASE": str(home.analytics_database),
        "SUBGROUPS_MEMORY_LIMIT": settings.memory_limit,
        "SUBGROUPS_THREADS": str(settings.threads),
        "SUBGROUPS_TEMP_DIRECTORY": str(home.scratch),
        "DBT_PROFILES_DIR": str(bundled("dbt_project")),
        "DBT_PROJECT_DIR": str(bundled("dbt_project")),
        "DBT_TARGET_PATH": str(home.dbt_target),
        "DBT_LOG_PATH": str(home.dbt / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def prepared_manifest(settings: Settings) -> Path:
    """The manifest of the models as they stand, parsed when the project changed since. Raises BuildError with dbt's words."""
    settings.paths.make()
    manifest = settings.paths.dbt_target / "manifest.json"
    stamp = settings.paths.dbt / "parsed_version"
    with (settings.paths.dbt / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if manifest.is_file() and stamp.is_file() and stamp.read_text() == model_version():
            return manifest
        environment = os.environ | dbt_environment(settings)
        done = subprocess.run(  # noqa: S603 - our own dbt
            [dbt_executable(), "parse", "--quiet"], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildError(f"dbt cannot read {bundled('dbt_project')}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        stamp.write_text(model_version())
    return manifest


def dbt_executable() -> str:
    """The dbt that is installed beside this Python."""
    return str(Path(sys.executable).parent / "dbt")


def dbt_resource() -> DbtCliResource:
    """How Dagster runs dbt."""
    project = str(bundled("dbt_project"))
    return DbtCliResource(project_dir=project, profiles_dir=project, dbt_executable=dbt_executable())


def build_models(settings: Settings) -> dg.AssetsDefinition:
    """Define one asset a model, and one check a data test, from the manifest."""
    project = DbtProject(project_dir=bundled("dbt_project"), target_path=settings.paths.dbt_target)

    @dbt_assets(  # type: ignore[untyped-decorator]
        manifest=prepared_manifest(settings),
        project=project,
        dagster_dbt_translator=_Translator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
        name="dbt_models",
        pool=POOL,
        exclude="resource_type:unit_test",
    )
    def dbt_models(context: dg.AssetExecutionContext, night: Night, dbt: DbtCliResource) -> Iterator[Any]:
        """Build the districts in scope; with none in scope dbt is not started."""
        with open_warehouse(night.settings) as connection:
            scope = connection.execute("select count(*) from control.run_scope").fetchone()
        if not scope or not scope[0]:
            context.log.info("no district is in scope; the models stand as they are")
            return
        os.environ.update(dbt_environment(night.settings))
        invocation = dbt.cli(["build"], context=context, target_path=night.settings.paths.dbt_target)
        # Counting rows needs the files that dbt has open, so its events are kept until it ended.
        events = list(invocation.stream())
        with open_warehouse(night.settings) as connection:
            mark_built(connection)
            counts = _row_counts(connection)
        for event in events:
            if isinstance(event, dg.Output) and event.output_name in counts:
                context.add_output_metadata({"dagster/row_count": counts[event.output_name]}, output_name=event.output_name)
            yield event

    return cast("dg.AssetsDefinition", dbt_models)


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows by Dagster output name (`marts__dim_school`)."""
    query = "select schema_name, table_name, estimated_size from duckdb_tables() where schema_name in ('intermediate', 'marts')"
    return {f"{schema}__{name}": size for schema, name, size in connection.execute(query).fetchall()}
