"""Great Expectations on DuckDB, with counts a delivery: datasource, engine and the custom expectation.

GX 1.24 has no DuckDB datasource, and its results are for a whole table. This bridge overrides two private methods of GX
(`resolve_metric_bundle`, `_organize_metrics_by_domain`), so GX is pinned and `tests/quality/test_contract.py` compares
every count with SQL written by hand. Importing this module imports GX (about two seconds): only `validation` does, late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import great_expectations as gx
import sqlalchemy as sa
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.metrics.query_metrics.query_table.query_table import QueryTable

from subgroup_pipeline.quality.check_session import session_statements
from subgroup_pipeline.quality.expectations import suite_json, without_values

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class Violations:
    """Failing rows of one delivery under one check. `keys` stay in memory: they are never part of a GX result."""

    delivery_id: str
    count: int
    code: str | None = None
    column: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class MapCounts:
    """What a built-in column expectation counted: its metric with domain and values, and failing rows by delivery."""

    metric: str
    kwargs: dict[str, Any]
    by_delivery: dict[str, int]


@dataclass
class Collected:
    """The counts of one validation, gathered beside GX because its own result knows the table's total only."""

    queries: dict[str, list[Violations]] = field(default_factory=dict)
    maps: list[MapCounts] = field(default_factory=list)

    def of_column(self, metric: str | None, kwargs: dict[str, Any]) -> list[Violations] | None:
        """What a built-in expectation with these kwargs counted, or None when it was not counted by delivery."""
        for counts in self.maps:
            if counts.metric == metric and all(kwargs.get(key) == value for key, value in counts.kwargs.items()):
                return [Violations(delivery, count) for delivery, count in sorted(counts.by_delivery.items())]
        return None


class QueryFailedError(Exception):
    """A query of a check failed. The message holds no cell: DuckDB quotes the value in a conversion error."""


class DuckDBByDelivery(SqlAlchemyExecutionEngine):  # type: ignore[misc]
    """One connection for all queries, and every row count grouped by `delivery_id`."""

    # Run once on each new connection; a class variable, because whatever GX is handed ends up in its configuration.
    session_init: ClassVar[Callable[[], list[str]] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - GX's own signature, passed through
        self._connection_kept: Any = None
        self._inspector: Any = None
        self.collected = Collected()
        super().__init__(*args, **kwargs)
        _listen(self.engine)
        # GX picks regexp_like() for a dialect module with this attribute; get_connection() supplies the function.
        self.dialect_module = SimpleNamespace(TrinoDialect=True, dialect=type(self.engine.dialect))

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """Give the one connection. GX reads a result after giving a connection back, which drops it in DuckDB."""
        if self._connection_kept is None:
            connection = self.engine.connect()
            connection.exec_driver_sql("create or replace temp macro regexp_like(s, p) as regexp_matches(s, p)")
            connection.commit()
            self._connection_kept = connection
        yield self._connection_kept

    def get_inspector(self) -> Any:  # noqa: ANN401 - an Inspector of whichever SQLAlchemy GX supports
        """Inspect through the same connection; another one would be another in-memory database."""
        if self._inspector is None:
            with self.get_connection() as connection:
                self._inspector = sa.inspect(connection)
        return self._inspector

    def execute_query(self, selectable: Any) -> Any:  # noqa: ANN401
        """Run a query. Raises QueryFailedError, whose message GX may log and keep, because it holds no values."""
        try:
            return super().execute_query(selectable)
        except sa.exc.DBAPIError as error:
            self._roll_back()
            raise QueryFailedError(without_values(error.orig)) from None

    def execute_text(self, query: str) -> list[dict[str, Any]]:
        """Run SQL as it stands and read it whole; sa.text() would take the `:` of a pattern for a bound parameter.

        Raises QueryFailedError.
        """
        with self.get_connection() as connection:
            try:
                rows = connection.exec_driver_sql(query).mappings().all()
            except sa.exc.DBAPIError as error:
                self._roll_back()
                raise QueryFailedError(without_values(error.orig)) from None
        return [dict(row) for row in rows]

    def _roll_back(self) -> None:
        """End the failed transaction; else every later query fails too, and the wrong expectation gets the blame."""
        if self._connection_kept is not None:
            self._connection_kept.rollback()

    def resolve_metric_bundle(self, metric_fn_bundle: Iterable[Any]) -> dict[Any, Any]:
        """Compute all row counts of a table in one query grouped by delivery; the rest as GX does.

        Only counts may take this path: their sum over deliveries is the table's count, which GX expects back.
        """
        bundle = list(metric_fn_bundle)
        counts = [metric for metric in bundle if _is_count(metric.metric_configuration.metric_name)]
        others = [metric for metric in bundle if not _is_count(metric.metric_configuration.metric_name)]
        resolved: dict[Any, Any] = super().resolve_metric_bundle(others) if others else {}
        configurations = {metric.metric_configuration.id: metric.metric_configuration for metric in counts}
        for query in self._organize_metrics_by_domain(counts):
            records = self.get_domain_records(domain_kwargs=query["domain_kwargs"])
            source = records.subquery() if isinstance(records, (sa.Select, sa.TextualSelect)) else records
            delivery: Any = sa.column("delivery_id")
            rows = self.execute_query(
                sa.select(delivery.label("of_delivery"), *query["select"]).select_from(source).group_by(delivery)
            ).fetchall()
            for position, metric_id in enumerate(query["metric_ids"], start=1):
                by_delivery = {row[0]: int(row[position] or 0) for row in rows}
                self.collected.maps.append(_map_counts(configurations[metric_id], by_delivery))
                resolved[metric_id] = sum(by_delivery.values())
        return resolved

    def close(self) -> None:
        """Let go of the connection, and with it of the warehouse's file."""
        if self._connection_kept is not None:
            self._connection_kept.close()
            self._connection_kept = None
        super().close()
        self.engine.dispose()


class DuckDBDatasource(SQLDatasource):  # type: ignore[misc]
    """Registers `context.data_sources.add_duckdb`."""

    type: Literal["duckdb"] = "duckdb"

    @property
    def execution_engine_type(self) -> Any:  # noqa: ANN401
        """The engine above."""
        return DuckDBByDelivery

    def get_engine(self) -> Any:  # noqa: ANN401
        """GX opens an engine here too (to test the connection), so it needs the same session."""
        engine = super().get_engine()
        _listen(engine)
        return engine


class ViolationsMetric(QueryTable):  # type: ignore[misc]
    """Rows of a grouped query: run once and read whole (GX's own metric runs it twice and stops at 200 rows)."""

    metric_name = "violations_by_delivery.table"
    value_keys = ("unexpected_rows_query",)
    query_param_name: ClassVar[str] = "unexpected_rows_query"

    @classmethod
    def _get_sqlalchemy_records_from_substituted_batch_subquery(
        cls,
        substituted_batch_subquery: str,
        execution_engine: DuckDBByDelivery,
        fetch_all: bool = False,  # noqa: ARG003 - GX's signature
    ) -> list[dict[str, Any]]:
        return execution_engine.execute_text(substituted_batch_subquery)


class ExpectNoViolationsByDelivery(UnexpectedRowsExpectation):  # type: ignore[misc]
    """A query that returns `delivery_id`, `n` and `keys` (by `first_keys`) of failing rows; none is success.

    It may also return `code` and `column_name`, when one pass over the table answers more than one rule.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("violations_by_delivery.table",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - GX's signature
        execution_engine: Any = None,  # noqa: ANN401
    ) -> dict[str, Any]:
        rows = metrics["violations_by_delivery.table"]
        execution_engine.collected.queries[self.meta["check"]] = [_violations(row) for row in rows]
        return {"success": not rows, "result": {}}


@contextmanager
def open_context(settings: Settings, tables: Iterable[str]) -> Iterator[tuple[Any, Any]]:
    """Make a GX context with these suites, whose only files are results, and the datasource; both are closed on leaving."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={},  # `data_docs` makes the pages
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    results = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(settings.paths.gx / "validations")}
    config.stores["validation_results_store"]["store_backend"] = results
    DuckDBByDelivery.session_init = lambda: session_statements(settings)
    context = gx.get_context(project_config=config, mode="ephemeral")
    datasource = context.data_sources.add_duckdb(name="warehouse", connection_string="duckdb:///:memory:")
    try:
        for table in tables:
            context.suites.add(gx.ExpectationSuite(**suite_json(table)))
        yield context, datasource
    finally:
        datasource.get_execution_engine().close()
        datasource.get_engine().dispose()
        DuckDBByDelivery.session_init = None


def _violations(row: dict[str, Any]) -> Violations:
    if not {"delivery_id", "n", "keys"} <= row.keys():
        raise QueryFailedError("the query must return delivery_id, n and keys")
    return Violations(row["delivery_id"], int(row["n"]), row.get("code"), row.get("column_name"), tuple(row.get("keys") or ()))


def _map_counts(configuration: Any, by_delivery: dict[str, int]) -> MapCounts:  # noqa: ANN401
    kwargs = {**configuration.metric_domain_kwargs, **(configuration.metric_value_kwargs or {})}
    return MapCounts(
        metric=configuration.metric_name.partition(".unexpected_count")[0],
        kwargs={key: value for key, value in kwargs.items() if value is not None and key != "batch_id"},
        by_delivery={delivery: count for delivery, count in by_delivery.items() if count},
    )


def _is_count(metric_name: str) -> bool:
    return metric_name.endswith(("unexpected_count", "unexpected_count.aggregate_fn")) or metric_name.startswith(
        "table.row_count"
    )


def _listen(engine: Any) -> None:  # noqa: ANN401
    """Run `session_init` on every new connection of this engine."""
    if getattr(engine, "_has_session_init", False):
        return
    engine._has_session_init = True  # noqa: SLF001 - our own mark on the engine

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:  # noqa: ANN401
        statements = DuckDBByDelivery.session_init
        for statement in statements() if statements else []:
            connection.execute(statement)
