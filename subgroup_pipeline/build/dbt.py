"""dbt, run in this process: its environment, its manifest, and what came of the models and their data tests.

In process because a night starts dbt twice (run, then test), and a process of its own costs three seconds each time.
"""

from __future__ import annotations

import fcntl
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.project_version import parse_stamp
from subgroup_pipeline.errors import BuildError
from subgroup_pipeline.settings import bundled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dbt.cli.main import dbtRunnerResult

    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class BuiltModel:
    """A model that dbt built: the seconds it took, its rows as DuckDB estimates them (None of a view), and types by column."""

    unique_id: str
    seconds: float
    rows: int | None
    types: Mapping[str, str]


@dataclass(frozen=True)
class DataTest:
    """A data test that dbt ran over the districts in scope; `query` gives its failing rows, each with its `district_id`."""

    unique_id: str
    name: str
    failing_rows: int
    query: str


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


def prepared_manifest(settings: Settings) -> dict[str, Any]:
    """The manifest of the models as they stand: read, and parsed first only when the project changed since.

    Raises BuildError with dbt's words.
    """
    if (manifest := _written_manifest(settings)) is not None:
        return manifest
    settings.paths.make()
    with (settings.paths.dbt / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (manifest := _written_manifest(settings)) is None:
            parsed = _parsed(settings)
            parsed.write(str(settings.paths.dbt_target / "manifest.json"))
            (settings.paths.dbt / "parsed_version").write_text(parse_stamp())
            manifest = _written_manifest(settings)
    if manifest is None:
        raise BuildError(f"dbt's manifest could not be kept in {settings.paths.dbt_target}")
    return manifest


def run_models(settings: Settings) -> Iterator[BuiltModel]:
    """Build every model for the districts in scope; gives each as soon as dbt has built it.

    Whoever stops listening waits until dbt is done, for it holds the warehouse. Raises BuildError, naming the model, when one
    does not build: a fault of the project, not of a district, so nothing is published.
    """
    built: SimpleQueue[BuiltModel | None] = SimpleQueue()

    def listen(event: Any) -> None:  # noqa: ANN401 - dbt's EventMsg
        if event.info.name == "NodeFinished" and event.data.run_result.status == "success":
            built.put(_built(event.data))

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="dbt") as dbt:
        run = dbt.submit(_results, settings, "run", listen=listen)
        run.add_done_callback(lambda _: built.put(None))
        yield from iter(built.get, None)
        run.result()


def run_data_tests(settings: Settings) -> list[DataTest]:
    """Run the data tests of the models. Raises BuildError when one cannot run."""
    results = _results(settings, "test", "--select", "test_type:data")
    return [
        DataTest(result.node.unique_id, result.node.name, result.failures or 0, result.node.compiled_code) for result in results
    ]


def compiled_models(settings: Settings) -> dict[str, str]:
    """The SQL of every model as DuckDB gets it, by unique id. Raises BuildError."""
    results = _results(settings, "compile", "--select", "resource_type:model", "--indirect-selection", "empty")
    return {result.node.unique_id: result.node.compiled_code for result in results}


def run_dbt(settings: Settings, *arguments: str, listen: Callable[[Any], None] | None = None) -> dbtRunnerResult:
    """Run a dbt command over the project; gives what dbt's own runner gives. `listen` hears of dbt's events as they happen.

    Raises BuildError in dbt's words when it cannot run at all.
    """
    return _invoke(settings, *arguments, manifest=_parsed(settings), listen=listen)


def _results(settings: Settings, *arguments: str, listen: Callable[[Any], None] | None = None) -> list[Any]:
    """Results of the nodes of a command. Raises BuildError, naming the node, when one could not run."""
    results = list(run_dbt(settings, *arguments, listen=listen).result)
    broken = [result for result in results if result.status == "error"]
    if broken:
        raise BuildError(
            f"dbt {arguments[0]}: {broken[0].node.name} failed: {broken[0].message}. Nothing was published; readers keep what "
            f"they have. The log is {settings.paths.dbt / 'logs' / 'dbt.log'}."
        )
    return results


_manifests: dict[str, Any] = {}


def _parsed(settings: Settings) -> Any:  # noqa: ANN401 - dbt's Manifest
    """The project as dbt reads it, read once per process: parsing anew for each command costs a second.

    It names databases by their aliases and not by their paths, so it is that of every home.
    """
    version = parse_stamp()
    if version not in _manifests:
        _manifests.clear()
        _manifests[version] = _invoke(settings, "parse").result
    return _manifests[version]


def _invoke(
    settings: Settings,
    *arguments: str,
    manifest: Any = None,  # noqa: ANN401 - dbt's Manifest
    listen: Callable[[Any], None] | None = None,
) -> dbtRunnerResult:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    with _environment(dbt_environment(settings)):
        try:
            done = dbtRunner(manifest=manifest, callbacks=[listen] if listen else []).invoke([*arguments])
        finally:
            # dbt keeps its connection, and with it DuckDB's lock on the files.
            DuckDBConnectionManager.close_all_connections()
    if done.exception is not None:
        raise BuildError(f"dbt {arguments[0]} could not run on {bundled('dbt_project')}: {done.exception}")
    return done


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for as long as dbt runs: its profile can read values from nowhere else."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _written_manifest(settings: Settings) -> dict[str, Any] | None:
    """The manifest on disk if it is that of the project and whole: dbt writes it in place, so a kill leaves half of one."""
    try:
        if (settings.paths.dbt / "parsed_version").read_text() != parse_stamp():
            return None
        manifest: dict[str, Any] = json.loads((settings.paths.dbt_target / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return None
    return manifest


def _built(finished: Any) -> BuiltModel:  # noqa: ANN401 - dbt's NodeFinished
    """What stands in the warehouse of a model, asked on dbt's own connection: nobody else may have the files open now."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    model = finished.node_info
    place = [model.node_relation.schema, model.node_relation.alias]
    handle = DuckDBConnectionManager.env().handle()
    try:
        cursor = handle.cursor()
        rows = cursor.execute(
            "select estimated_size from duckdb_tables() where schema_name = ? and table_name = ?", place
        ).fetchone()
        types = cursor.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?", place
        ).fetchall()
    finally:
        handle.close()
    seconds = round(finished.run_result.execution_time, 3)
    return BuiltModel(model.unique_id, seconds, rows[0] if rows else None, dict(types))
