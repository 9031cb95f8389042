"""Great Expectations on a DuckDB session, with counts per delivery: datasource, engine and the custom expectation.

GX 1.24 has no DuckDB datasource, and its results are for a whole table. So there is a datasource, a query metric and an
expectation of our own, which GX runs on the session that it is given; no private method of GX is called.
`tests/quality/test_contract.py` compares the counts with SQL written by hand. Importing this module imports GX (about two
seconds): only `validation` does, late.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import great_expectations as gx
import sqlalchemy as sa
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.compatibility import pydantic
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource, TableAsset
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.query_metric_provider import QueryMetricProvider

from subgroup_pipeline.quality.check_session import fact_query, without_values
from subgroup_pipeline.quality.expectations import check_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from subgroup_pipeline.quality.expectations import RowRule

_METRIC = "violations_by_delivery.table"


@dataclass(frozen=True)
class Violations:
    """Failing rows of one delivery under one check. `keys` stay in memory: they are never part of a GX result."""

    delivery_id: str
    count: int
    code: str | None = None
    column: str | None = None
    keys: tuple[str, ...] = ()


class QueryFailedError(Exception):
    """A query of a check failed. The message holds no cell: DuckDB quotes the value in a conversion error."""


class EngineOfSession(SqlAlchemyExecutionEngine):  # type: ignore[misc]
    """GX's engine on our session, for one table at a time.

    It keeps what checks found (by name), because a GX result is stored and shown.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - GX's own signature, passed through
        super().__init__(*args, **kwargs)
        self.begin("", [], is_empty=True)

    def begin(self, table: str, row_rules: Sequence[RowRule], *, is_empty: bool) -> dict[str, list[Violations]]:
        """Turn to the next table; gives the place for what its checks find. Nothing is asked of a table without rows."""
        self.found: dict[str, list[Violations]] = {}
        self._table, self._row_rules, self._is_empty = table, row_rules, is_empty
        self._of_row_rules: defaultdict[str, list[Violations]] | None = None
        return self.found

    def violations(self, sql: str, batch: str) -> list[Violations]:
        """What one check finds, by its file. The first rule of single cells that is asked for answers for all of them."""
        if self._is_empty:
            return []
        query = check_query(sql, batch=batch, table=self._table)
        found = [_violations(row) for row in self._rows(query)] if query else []
        if not any(rule.name == sql for rule in self._row_rules):
            return found
        if self._of_row_rules is None:
            self._of_row_rules = defaultdict(list)
            for row in self._rows(fact_query("session/row_rules", batch=batch, rules=self._row_rules)):
                self._of_row_rules[row["rule"]].append(_violations(row))
        return self._of_row_rules[sql] + found

    def _rows(self, query: str) -> list[dict[str, Any]]:
        with self.get_connection() as connection:
            try:
                # sa.text() would take the `:` of a pattern for a bound parameter.
                return [dict(row) for row in connection.exec_driver_sql(query).mappings()]
            except sa.exc.DBAPIError as error:
                raise QueryFailedError(without_values(error.orig)) from None


class DuckDBDatasource(SQLDatasource):  # type: ignore[misc]
    """Registers `context.data_sources.add_duckdb`. GX's configuration says an empty database; `use` gives it the session."""

    type: Literal["duckdb"] = "duckdb"
    _engine_of_session: EngineOfSession | None = pydantic.PrivateAttr(None)

    def use(self, session: duckdb.DuckDBPyConnection) -> None:
        """Have GX speak to this connection alone. Whoever opened it closes it."""
        engine = sa.create_engine(
            self.connection_string,
            creator=lambda: ConnectionWrapper(session),
            poolclass=sa.pool.StaticPool,
            isolation_level="AUTOCOMMIT",
        )
        self._engine_of_session = EngineOfSession(engine=engine, create_temp_table=False)

    def test_connection(self, test_assets: bool = True) -> None:
        """Nothing is asked: the session is open, and GX's own test would plan a query per table."""

    def get_engine(self) -> Any:  # noqa: ANN401
        """The session, or before it is given an empty database."""
        return super().get_engine() if self._engine_of_session is None else self._engine_of_session.engine

    def get_execution_engine(self) -> Any:  # noqa: ANN401
        """The engine that validates."""
        return super().get_execution_engine() if self._engine_of_session is None else self._engine_of_session


class ViolationsMetric(QueryMetricProvider):  # type: ignore[misc]
    """Rows of a check's query, read whole (GX's own metric for failing rows runs it twice and stops at 200 rows)."""

    metric_name = _METRIC
    value_keys = ("sql",)

    @metric_value(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
    def _sqlalchemy(
        cls,  # noqa: N805 - GX makes it a class method
        execution_engine: EngineOfSession,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002 - GX's signature
        runtime_configuration: dict[str, Any],  # noqa: ARG002 - GX's signature
    ) -> list[Violations]:
        batch, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type="table")
        return execution_engine.violations(metric_value_kwargs["sql"], f"({batch})")


class ExpectNoViolationsByDelivery(BatchExpectation):  # type: ignore[misc]
    """A query, by its file, that returns `delivery_id`, `n` and `keys` (by `first_keys`) of failing rows; none is success.

    It may also return `code` and `column_name`, when it answers more than one rule. The file may set `faults` beside the
    query, or in place of it: see `RowRule`.
    """

    sql: str
    metric_dependencies: ClassVar[tuple[str, ...]] = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("sql",)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - GX's signature
        execution_engine: Any = None,  # noqa: ANN401
    ) -> dict[str, Any]:
        execution_engine.found[self.meta["check"]] = metrics[_METRIC]
        return {"success": not metrics[_METRIC], "result": {}}


def make_datasource(session: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> DuckDBDatasource:
    """A datasource on the session with an asset per table, in a GX context that keeps nothing."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={},  # `data_docs` makes the pages
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    context = gx.get_context(project_config=config, mode="ephemeral")
    assets = [TableAsset(name=table, table_name=table, schema_name="checks") for table in tables]
    datasource: DuckDBDatasource = context.data_sources.add_duckdb(
        name="warehouse", connection_string="duckdb:///:memory:", assets=assets
    )
    datasource.use(session)
    return datasource


def _violations(row: dict[str, Any]) -> Violations:
    if not {"delivery_id", "n", "keys"} <= row.keys():
        raise QueryFailedError("the query must return delivery_id, n and keys")
    return Violations(row["delivery_id"], int(row["n"]), row.get("code"), row.get("column_name"), tuple(row.get("keys") or ()))
