"""The dbt models as Dagster assets and their data tests as checks, from the project's manifest; dbt runs in this process.

In process because a night starts dbt twice (run, then test), and a process of its own costs three seconds each time.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from subgroup_pipeline.build.isolation import failing_districts, hold_failed, note_failed_tests
from subgroup_pipeline.build.project_version import parse_stamp
from subgroup_pipeline.build.scope import mark_built
from subgroup_pipeline.errors import BuildError
from subgroup_pipeline.orchestration.dbt_catalogue import COLUMNS, UNIQUE_ID, model_specs, typed_columns
from subgroup_pipeline.orchestration.district_delivery import report_deliveries
from subgroup_pipeline.orchestration.resources import Night
from subgroup_pipeline.orchestration.what_ran import assets_that_were_built
from subgroup_pipeline.registry.ledger import get_deliveries
from subgroup_pipeline.settings import Settings, bundled
from subgroup_pipeline.warehouse.connection import open_warehouse


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
        if not (_is_whole(manifest) and stamp.is_file() and stamp.read_text() == parse_stamp()):
            _parsed(settings).write(str(manifest))
            stamp.write_text(parse_stamp())
    return manifest


def _is_whole(manifest: Path) -> bool:
    """Whether a manifest can be read: dbt writes it in place, so a kill or a full disk leaves half of one."""
    try:
        json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def build_models(settings: Settings) -> dg.AssetsDefinition:
    """Define one asset a model, and one check a data test, from the manifest.

    They are materialized together or not at all: a model built alone would leave its districts half new and untested.
    """
    specs, checks = model_specs(prepared_manifest(settings), settings.paths.dbt_target)

    @assets_that_were_built(specs, checks)
    def dbt_models(context: dg.AssetExecutionContext, night: Night) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Build the districts in scope, then test them; with none in scope nothing is built, and nothing is said."""
        with open_warehouse(night.settings) as connection:
            scope = connection.execute("select count(*) from control.run_scope").fetchone() or (0,)
        if not scope[0]:
            return
        results = _dbt(night.settings, "run") | _dbt(night.settings, "test", "--select", "test_type:data")
        with open_warehouse(night.settings) as connection:
            failing = failing_districts(connection, _failed_tests(results))
            mark_built(connection, but=failing)
            failed = note_failed_tests(connection, failing)
            for district_id, tests in failing.items():
                context.log.error("%s keeps what is published: %s failed", district_id, ", ".join(tests))
            _report_held(context, night, hold_failed(night.registry, failing))
            measured = _measured(connection, specs)
        yield from _events(context, results, measured, failed, districts=scope[0])

    return dbt_models


def _failed_tests(results: Mapping[str, Any]) -> dict[str, str]:
    """SQL of the data tests with failing rows, by name."""
    return {r.node.name: r.node.compiled_code for r in results.values() if r.node.resource_type == "test" and r.failures}


def _report_held(context: dg.AssetExecutionContext, night: Night, delivery_ids: list[str]) -> None:
    """Show deliveries that the build held in `district_delivery`, like those that the checks held."""
    if delivery_ids:
        with night.registry.begin() as session:
            report_deliveries(context, night, get_deliveries(session, delivery_ids))


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


def compiled_models(settings: Settings) -> dict[str, str]:
    """The SQL of every model as DuckDB gets it, by unique id. Raises BuildError."""
    compiled = _dbt(settings, "compile", "--select", "resource_type:model", "--indirect-selection", "empty")
    return {unique_id: result.node.compiled_code for unique_id, result in compiled.items()}


_manifests: dict[str, Any] = {}


def _parsed(settings: Settings) -> Any:  # noqa: ANN401 - dbt's Manifest
    """The project as dbt reads it, read once a process: parsing anew for each command costs a second.

    It names databases by their aliases and not by their paths, so it is that of every home.
    """
    version = parse_stamp()
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
    context: dg.AssetExecutionContext,
    results: Mapping[str, Any],
    measured: Mapping[dg.AssetKey, Mapping[str, Any]],
    failed: Mapping[str, int],
    *,
    districts: int,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """One materialization per model that was built, and one evaluation per test that ran.

    A test stays failed while it fails for a district that this run did not build.
    """
    definition = context.assets_def
    by_key = {spec.key: spec for spec in definition.specs}
    upstream = {key: [dep.asset_key for dep in spec.deps if dep.asset_key in by_key] for key, spec in by_key.items()}
    for key in TopologicalSorter(upstream).static_order():
        if result := results.get(by_key[key].metadata[UNIQUE_ID]):
            metadata = {"districts_built": districts, "seconds": round(result.execution_time, 3), **measured.get(key, {})}
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
    for check in definition.check_specs:
        if result := results.get(check.metadata[UNIQUE_ID]):
            failing = failed.get(result.node.name, 0)
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=not failing,
                metadata={
                    "failing_rows": result.failures or 0,
                    "districts_tested": districts,
                    "failing_districts": failing,
                },
            )


def _measured(connection: duckdb.DuckDBPyConnection, specs: Sequence[dg.AssetSpec]) -> dict[dg.AssetKey, dict[str, Any]]:
    """Rows of the tables that dbt made, and types of columns that the project file leaves out."""
    measured: dict[dg.AssetKey, dict[str, Any]] = {
        key: {COLUMNS: columns} for key, columns in typed_columns(connection, specs).items()
    }
    query = "select schema_name, table_name, estimated_size from duckdb_tables() where schema_name in ('intermediate', 'marts')"
    for schema, name, size in connection.execute(query).fetchall():
        measured.setdefault(dg.AssetKey([schema, name]), {})["dagster/row_count"] = size
    return measured
