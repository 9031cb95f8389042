"""dbt, run in this process: its environment, and what came of the models and their data tests.

In process because a night starts dbt twice (run, then test), and a process of its own costs three seconds each time.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.parsed_project import project_for_dagster, project_for_dbt
from subgroup_pipeline.build.project_version import parse_stamp
from subgroup_pipeline.errors import BuildError
from subgroup_pipeline.settings import bundled
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.sql_text import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import duckdb
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

    from subgroup_pipeline.settings import Settings


_STAGED = ["--exclude", "path:models/staging"]
_A_VIEW = "staging.stg_run_scope"
"""The comment on this view says of which project the views of staging are; it goes when dbt makes the view anew."""


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
        "SUBGROUPS_HISTORY_DATABASE": str(home.history_database),
        "SUBGROUPS_WORK_DATABASE": ":memory:",
        "SUBGROUPS_MEMORY_LIMIT": settings.memory_limit,
        "SUBGROUPS_THREADS": str(settings.threads),
        "SUBGROUPS_TEMP_DIRECTORY": str(home.scratch),
        "DBT_PROFILES_DIR": project,
        "DBT_PROJECT_DIR": project,
        "DBT_TARGET_PATH": str(home.dbt_target),
        "DBT_LOG_PATH": str(home.dbt / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_WRITE_JSON": "false",  # each command would write the manifest anew; `parsed_project` keeps it
        "DBT_LOG_LEVEL": "none",
    }


def prepared_manifest(settings: Settings) -> dict[str, Any]:
    """The manifest of the models as they stand, as Dagster takes it. Raises BuildError with dbt's words."""
    return project_for_dagster(settings.paths, lambda: parse_project(settings))


def parse_project(settings: Settings) -> Manifest:
    """Have dbt parse the project, which takes seconds. Raises BuildError with dbt's words."""
    try:
        manifest: Manifest = _invoke(settings, "parse").result
    finally:
        _close()
    return manifest


class ModelRun:
    """The models of one run: they are built, tested and asked on one instance of DuckDB, which holds the warehouse meanwhile.

    The tables that a run alone reads (`work`) are in that instance's memory and are gone with it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def build(self, *select: str) -> Iterator[BuiltModel]:
        """Build every model for the districts in scope, or those that dbt selects; gives each as soon as dbt has built it.

        Whoever stops listening waits until dbt is done. Raises BuildError, naming the model, when one does not build: a fault
        of the project, not of a district, so nothing is published.
        """
        built: SimpleQueue[BuiltModel | None] = SimpleQueue()

        def listen(event: Any) -> None:  # noqa: ANN401 - dbt's EventMsg
            if event.info.name == "NodeFinished" and event.data.run_result.status == "success":
                built.put(_built(event.data))

        with stage("build"), ThreadPoolExecutor(max_workers=1, thread_name_prefix="dbt") as dbt:
            chosen = ["--select", *select] if select else _STAGED if self._is_staged() else []
            run = dbt.submit(_results, self._settings, "run", *chosen, listen=listen)
            run.add_done_callback(lambda _: built.put(None))
            yield from iter(built.get, None)
            run.result()
            if not chosen:
                with self.connection() as connection:
                    connection.execute(f"comment on view {_A_VIEW} is {literal(parse_stamp())}")

    def _is_staged(self) -> bool:
        """Whether the views of staging in the warehouse are those of the project as it stands; each costs 30 ms to make anew."""
        with open_files(self._settings, write={"warehouse": self._settings.paths.raw_database}) as connection:
            query = "select count(*) from duckdb_views() where schema_name || '.' || view_name = ? and comment = ?"
            (count,) = connection.execute(query, [_A_VIEW, parse_stamp()]).fetchone() or (0,)
        return bool(count)

    @stage("test")
    def test(self) -> list[DataTest]:
        """Run the data tests of the models that were built. Raises BuildError when one cannot run."""
        results = _results(self._settings, "test", "--select", "test_type:data")
        return [
            DataTest(result.node.unique_id, result.node.name, result.failures or 0, result.node.compiled_code)
            for result in results
        ]

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the instance after something was built, with `warehouse` as the default catalog."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        connection = DuckDBConnectionManager.env().conn.cursor()
        try:
            connection.execute("use warehouse")
            yield connection
        finally:
            connection.close()


@contextmanager
def open_models(settings: Settings) -> Iterator[ModelRun]:
    """Run models; nobody else may have the files of the warehouse open until this is left, when they are closed."""
    try:
        yield ModelRun(settings)
    finally:
        _close()


def compiled_models(settings: Settings) -> dict[str, str]:
    """The SQL of every model as DuckDB gets it, by unique id. Raises BuildError."""
    try:
        results = _results(settings, "compile", "--select", "resource_type:model", "--indirect-selection", "empty")
    finally:
        _close()
    return {result.node.unique_id: result.node.compiled_code for result in results}


def run_dbt(settings: Settings, *arguments: str, work: Path | None = None) -> dbtRunnerResult:
    """Run one dbt command over the project; gives what dbt's own runner gives. `work` keeps the tables of the run in a file.

    Raises BuildError in dbt's words when it cannot run at all.
    """
    try:
        return _invoke(settings, *arguments, manifest=_project(settings), work=work)
    finally:
        _close()


def _results(settings: Settings, *arguments: str, listen: Callable[[Any], None] | None = None) -> list[Any]:
    """Results of the nodes of a command. Raises BuildError, naming the node, when one could not run."""
    results = list(_invoke(settings, *arguments, manifest=_project(settings), listen=listen).result)
    broken = [result for result in results if result.status == "error"]
    if broken:
        raise BuildError(
            f"dbt {arguments[0]}: {broken[0].node.name} failed: {broken[0].message}. Nothing was published; readers keep what "
            f"they have. The log is {settings.paths.dbt / 'logs' / 'dbt.log'}."
        )
    return results


def _project(settings: Settings) -> Manifest:
    return project_for_dbt(settings.paths, lambda: parse_project(settings))


def _invoke(
    settings: Settings,
    *arguments: str,
    manifest: Manifest | None = None,
    listen: Callable[[Any], None] | None = None,
    work: Path | None = None,
) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner

    settings.paths.make()  # dbt opens the warehouse, also to parse or to compile
    variables = dbt_environment(settings) | ({"SUBGROUPS_WORK_DATABASE": str(work)} if work else {})
    with _environment(variables):
        done = dbtRunner(manifest=manifest, callbacks=[listen] if listen else []).invoke([*arguments])
    if done.exception is not None:
        raise BuildError(f"dbt {arguments[0]} could not run on {bundled('dbt_project')}: {done.exception}")
    return done


def _close() -> None:
    """Close what dbt has open: it keeps its connection, and with it DuckDB's lock on the files."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


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
