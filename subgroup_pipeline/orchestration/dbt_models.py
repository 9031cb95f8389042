"""The dbt models as Dagster assets and their data tests as checks, from the project's manifest; dbt runs in this process.

In process because a night starts dbt twice (run, then test), and a process of its own costs three seconds each time.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, cast

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from subgroup_pipeline.errors import BuildError
from subgroup_pipeline.landing.warehouse import open_warehouse
from subgroup_pipeline.orchestration.district_delivery import report_deliveries
from subgroup_pipeline.orchestration.resources import OWNERS, POOL, Night
from subgroup_pipeline.publish.isolation import failing_districts, hold_failed
from subgroup_pipeline.publish.scope import mark_built, model_version
from subgroup_pipeline.registry.ledger import find_delivery
from subgroup_pipeline.settings import Settings, bundled

_UNIQUE_ID = "dagster_dbt/unique_id"


class _Translator(DagsterDbtTranslator):  # type: ignore[misc]
    """Names of our assets: `staging/…`, `intermediate/…`, `marts/…`; raw and control sources are the assets before them."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            is_raw = dbt_resource_props["source_name"] == "raw"
            return dg.AssetKey(["raw", dbt_resource_props["name"]] if is_raw else ["run_scope"])
        return dg.AssetKey([self.get_group_name(dbt_resource_props) or "", dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["config"].get("schema") or "marts")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002 - dagster-dbt's signature
        return OWNERS

    def get_asset_check_spec(self, *args: Any, **kwargs: Any) -> dg.AssetCheckSpec | None:  # noqa: ANN401
        # Failing rows of a data test hold their districts back; they never stop the publish of the others (design 2.4).
        spec = super().get_asset_check_spec(*args, **kwargs)
        return cast("dg.AssetCheckSpec", spec)._replace(blocking=False) if spec else None


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What `dbt_project/profiles.yml` and dbt itself read from the environment; nothing is written beside the project."""
    home = settings.paths
    project = str(bundled("dbt_project"))
    return {
        "SUBGROUPS_RAW_DATABASE": str(home.raw_database),
        "SUBGROUPS_ANALYTICS_DATABASE": str(home.analytics_database),
        "SUBGROUPS_MEMORY_LIMIT": settings.memory_limit,
        "SUBGROUPS_THREADS": str(settings.threads),
        "SUBGROUPS_TEMP_DIRECTORY": str(home.scratch),
        "DBT_PROFILES_DIR": project,
        "DBT_PROJECT_DIR": project,
        "DBT_TARGET_PATH": str(home.dbt_target),
        "DBT_LOG_PATH": str(home.dbt / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_WRITE_JSON": "false",  # each command would write the manifest anew; `prepared_manifest` writes it when it changes
        "DBT_LOG_LEVEL": "none",
    }


def prepared_manifest(settings: Settings) -> Path:
    """The manifest of the models as they stand, parsed when the project changed since. Raises BuildError with dbt's words."""
    settings.paths.make()
    manifest = settings.paths.dbt_target / "manifest.json"
    stamp = settings.paths.dbt / "parsed_version"
    with (settings.paths.dbt / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (_is_whole(manifest) and stamp.is_file() and stamp.read_text() == model_version()):
            _parsed(settings).write(str(manifest))
            stamp.write_text(model_version())
    return manifest


def _is_whole(manifest: Path) -> bool:
    """Whether a manifest can be read: dbt writes it in place, so a kill or a full disk leaves half of one."""
    try:
        json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def build_models(settings: Settings) -> dg.AssetsDefinition:
    """Define one asset a model, and one check a data test, from the manifest."""

    @dbt_assets(  # type: ignore[untyped-decorator]
        manifest=prepared_manifest(settings),
        project=DbtProject(project_dir=bundled("dbt_project"), target_path=settings.paths.dbt_target),
        dagster_dbt_translator=_Translator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
        name="dbt_models",
        pool=POOL,
        exclude="resource_type:unit_test",
    )
    def dbt_models(context: dg.AssetExecutionContext, night: Night) -> Iterator[Any]:
        """Build the districts in scope, then test them; with none in scope everything stands as it is."""
        with open_warehouse(night.settings) as connection:
            scope = connection.execute("select count(*) from control.run_scope").fetchone() or (0,)
        statuses: dict[str, Any] = {}
        if scope[0]:
            statuses = _dbt(night.settings, "run") | _dbt(night.settings, "test", "--select", "test_type:data")
        with open_warehouse(night.settings) as connection:
            if scope[0]:
                failing = failing_districts(connection, _failed_tests(statuses))
                mark_built(connection, but=failing)
                for district_id, tests in failing.items():
                    context.log.error("%s keeps what is published: %s failed", district_id, ", ".join(tests))
                _report_held(context, night, hold_failed(night.registry, failing))
            counts = _row_counts(connection)
        yield from _events(context, statuses, counts, districts=scope[0])

    return cast("dg.AssetsDefinition", dbt_models)


def _failed_tests(results: Mapping[str, Any]) -> dict[str, str]:
    """SQL of the data tests with failing rows, by name."""
    return {r.node.name: r.node.compiled_code for r in results.values() if r.node.resource_type == "test" and r.failures}


def _report_held(context: dg.AssetExecutionContext, night: Night, delivery_ids: list[str]) -> None:
    """Show deliveries that the build held in `district_delivery`, like those that the checks held."""
    if delivery_ids:
        with night.registry.begin() as session:
            report_deliveries(context, night, [find_delivery(session, delivery_id) for delivery_id in delivery_ids])


def _dbt(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Run a dbt command over the whole project; gives its results by unique id.

    Raises BuildError, naming the node, when a model does not build or a test cannot run: a fault of the project, not of a
    district, so nothing is published.
    """
    results = {result.node.unique_id: result for result in _invoke(settings, *arguments, manifest=_parsed(settings))}
    broken = [result for result in results.values() if result.status == "error"]
    if broken:
        raise BuildError(
            f"dbt {arguments[0]}: {broken[0].node.name} failed: {broken[0].message}. Nothing was published; readers keep what "
            f"they have. The log is {settings.paths.dbt / 'logs' / 'dbt.log'}."
        )
    return results


_manifests: dict[str, Any] = {}


def _parsed(settings: Settings) -> Any:  # noqa: ANN401 - dbt's Manifest
    """The project as dbt reads it, read once a process: parsing anew for each command costs a second.

    It names databases by their aliases and not by their paths, so it is that of every home.
    """
    version = model_version()
    if version not in _manifests:
        _manifests.clear()
        _manifests[version] = _invoke(settings, "parse")
    return _manifests[version]


def _invoke(settings: Settings, *arguments: str, manifest: Any = None) -> Any:  # noqa: ANN401 - dbt's own types
    """Run dbt in this process. Raises BuildError in dbt's words when it cannot run at all."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ.update(dbt_environment(settings))
    try:
        done = dbtRunner(manifest=manifest).invoke([*arguments])
    finally:
        # dbt keeps its connection, and with it DuckDB's lock on the files.
        DuckDBConnectionManager.close_all_connections()
    if done.exception is not None:
        raise BuildError(f"dbt {arguments[0]} could not run on {bundled('dbt_project')}: {done.exception}")
    return done.result


def _events(
    context: dg.AssetExecutionContext, results: Mapping[str, Any], counts: Mapping[str, int], *, districts: int
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """One materialization a model and one evaluation a test; without a build, that they stand for the same districts."""
    definition = context.assets_def
    by_key = {spec.key: spec for spec in definition.specs}
    upstream = {key: [dep.asset_key for dep in spec.deps if dep.asset_key in by_key] for key, spec in by_key.items()}
    for key in TopologicalSorter(upstream).static_order():
        spec = by_key[key]
        name = "/".join(spec.key.path)
        metadata: dict[str, Any] = {"districts_built": districts}
        if name in counts:
            metadata["dagster/row_count"] = counts[name]
        if result := results.get(spec.metadata[_UNIQUE_ID]):
            metadata["seconds"] = round(result.execution_time, 3)
        yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)
    for check in definition.check_specs:
        failures = getattr(results.get(check.metadata[_UNIQUE_ID]), "failures", 0) or 0
        yield dg.AssetCheckResult(
            asset_key=check.asset_key,
            check_name=check.name,
            passed=not failures,
            metadata={"failing_rows": failures, "districts_tested": districts},
        )


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of the tables that dbt made, by `schema/name`."""
    query = "select schema_name, table_name, estimated_size from duckdb_tables() where schema_name in ('intermediate', 'marts')"
    return {f"{schema}/{name}": size for schema, name, size in connection.execute(query).fetchall()}
