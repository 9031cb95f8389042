"""Running the suites: one GX validation a raw table over all deliveries of the run, failing rows counted by delivery.

What is wrong in a delivery is a `Failure`; what keeps GX itself from judging is an error. Data Docs and the stored results
under `$SUBGROUPS_HOME/gx` hold names of checks and totals: no cell, no key. GX is imported when a validation starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.quality.check_session import session_statements
from subgroup_pipeline.quality.data_docs import write_data_docs
from subgroup_pipeline.quality.deferred import defer_unused
from subgroup_pipeline.quality.expectations import (
    OWN_TYPE,
    Check,
    checks_of,
    suite_names,
    without_values,
)
from subgroup_pipeline.warehouse.duckdb_files import open_files

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.quality.gx_duckdb import Collected, Violations
    from subgroup_pipeline.settings import Settings

__all__ = ["CheckTotal", "ChecksNotRunError", "Failure", "Validation", "suite_names", "validate"]


class ChecksNotRunError(SubgroupsError):
    """GX could not judge a table, so nothing is known about its deliveries. Names the table and the expectation."""


@dataclass(frozen=True)
class Failure:
    """Failing rows of one delivery under one rule.

    `keys` are values of `key_column` of such rows, to look their lines up in the archived file: they are ids of
    people, so no finding, log or page has them. A rule about a blank key has none.
    """

    delivery_id: str
    table: str
    check: str
    code: str
    column: str
    what: str
    count: int
    keys: tuple[str, ...] = field(repr=False)
    key_column: str


@dataclass(frozen=True)
class CheckTotal:
    """One check over all deliveries of the run; counts are rows and deliveries."""

    table: str
    check: str
    failing_rows: int
    failing_deliveries: int
    passed: bool


@dataclass(frozen=True)
class Validation:
    """The outcome: failures, rows by (table, delivery) including deliveries with none, and a total a check."""

    failures: list[Failure]
    rows: dict[tuple[str, str], int]
    checks: list[CheckTotal]


def validate(settings: Settings, tables: Collection[str], *, run_name: str) -> Validation:
    """Run the suites of these tables over the deliveries in `control.run_delivery`, and write Data Docs of a run that has a name.

    The warehouse is attached read-only, so no other connection may have it open for writing, in this process or another.
    Raises ChecksNotRunError when GX cannot judge, ExpectationFileError when a suite is malformed.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when GX is imported
    defer_unused()
    from subgroup_pipeline.quality.gx_duckdb import open_context

    checks = {table: checks_of(table) for table in tables}
    failures: list[Failure] = []
    rows: dict[tuple[str, str], int] = {}
    totals: list[CheckTotal] = []
    results: dict[str, Any] = {}
    with open_session(settings) as session, open_context(settings, tables) as (context, datasource):
        for table in tables:
            results[table], collected = _run_suite(context, datasource, table)
            by_delivery = _rows_by_delivery(session, table)
            of_table = []
            for check, violations in _violations_by_check(context, checks[table], collected):
                failed = _failures(session, check, violations)
                failures += failed
                of_table.append(_total(check, failed))
            _show_totals(results[table], of_table, sum(by_delivery.values()))
            totals += of_table
            rows |= {(table, delivery): count for delivery, count in by_delivery.items()}
        if run_name:
            _store(context, results, run_name)
            write_data_docs(settings)
    return Validation(failures, rows, totals)


@contextmanager
def open_session(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a plain connection with the session that GX gets: for what GX should not carry, and to fail early in words."""
    import duckdb

    try:
        with open_files(settings) as connection:
            for statement in session_statements(settings):
                connection.execute(statement)
            yield connection
    except duckdb.Error as error:
        raise ChecksNotRunError(
            f"the warehouse in {settings.paths.warehouse} cannot be checked: {without_values(error)}. "
            "Close whatever else has it open, or run `subgroups doctor`."
        ) from None


def _run_suite(context: Any, datasource: Any, table: str) -> tuple[Any, Collected]:  # noqa: ANN401
    """Validate one table. Raises ChecksNotRunError when an expectation raised instead of judging."""
    from subgroup_pipeline.quality.gx_duckdb import Collected

    asset = datasource.add_table_asset(name=table, table_name=table, schema_name="checks")
    batch = asset.add_batch_definition_whole_table("deliveries of the run").get_batch()
    collected = batch.data.execution_engine.collected = Collected()
    # BOOLEAN_ONLY: every other format carries failing values.
    result = batch.validate(context.suites.get(table), result_format="BOOLEAN_ONLY")
    for outcome in result.results:
        if message := _exception(outcome.exception_info):
            name = outcome.expectation_config.meta["check"]
            raise ChecksNotRunError(
                f"Great Expectations could not run {name} on {table}: {message}. Mend it in expectations/{table}.json; "
                "no delivery of this run was judged."
            )
    return result, collected


def _violations_by_check(
    context: Any,  # noqa: ANN401
    checks: Sequence[Check],
    collected: Collected,
) -> Iterator[tuple[Check, list[Violations]]]:
    """Pair every check with what was counted for it. Raises ChecksNotRunError for one that was not counted by delivery."""
    for check in checks:
        if check.type == OWN_TYPE:
            violations = collected.queries.get(check.name)
        else:
            suite = context.suites.get(check.table)
            expectation = next(one for one in suite.expectations if one.meta["check"] == check.name)
            violations = collected.of_column(getattr(expectation, "map_metric", None), check.kwargs)
        if violations is None:
            raise ChecksNotRunError(
                f"Great Expectations gave no counts by delivery for {check.name} on {check.table}: {check.type} cannot be "
                f"grouped. Write it as {OWN_TYPE} in expectations/{check.table}.json."
            )
        yield check, violations


def _failures(session: duckdb.DuckDBPyConnection, check: Check, violations: Sequence[Violations]) -> list[Failure]:
    """Turn counts into failures with the keys of failing rows. Raises ChecksNotRunError for a code that `meta` lacks."""
    key_column = "student_id" if check.table == "subgroup_row" else "sourcedId"
    keys = _keys(session, check, key_column) if violations and check.type != OWN_TYPE else {}
    failures = []
    for found in violations:
        rule = check.rule(found.code)
        if rule is None:
            raise ChecksNotRunError(
                f"{check.name} on {check.table} returned the code {found.code}, which its meta does not name. "
                f"Add it under `also` in expectations/{check.table}.json."
            )
        failures.append(
            Failure(
                delivery_id=found.delivery_id,
                table=check.table,
                check=check.name,
                code=rule.code,
                column=found.column or rule.column,
                what=rule.what,
                count=found.count,
                keys=found.keys or keys.get(found.delivery_id, ()),
                key_column=key_column,
            )
        )
    return failures


def _keys(session: duckdb.DuckDBPyConnection, check: Check, key_column: str) -> dict[str, tuple[str, ...]]:
    """The first keys a delivery of the rows that fail a built-in expectation (GX would put them into its result)."""
    column, kwargs = check.kwargs.get("column"), check.kwargs
    predicate, parameters = {
        "expect_column_values_to_be_in_set": (f'not list_contains(?, "{column}")', [kwargs.get("value_set")]),
        "expect_column_values_to_not_be_in_set": (f'list_contains(?, "{column}")', [kwargs.get("value_set")]),
        "expect_column_values_to_match_regex": (f'not regexp_matches("{column}", ?)', [kwargs.get("regex")]),
        "expect_column_values_to_not_match_regex": (f'regexp_matches("{column}", ?)', [kwargs.get("regex")]),
        "expect_column_values_to_not_be_null": (f'"{column}" is null', []),
    }.get(check.type, ("", []))
    if not predicate or (column == key_column and check.type.endswith("be_null")):
        return {}
    statement = f'select delivery_id, first_keys("{key_column}") from checks.{check.table} where {predicate} group by all'
    return {row[0]: tuple(row[1] or ()) for row in session.execute(statement, parameters).fetchall()}


def _rows_by_delivery(session: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    feed = "subgroups" if table == "subgroup_row" else "roster"
    counted = session.execute(
        f"select d.delivery_id, coalesce(c.n, 0) from warehouse.control.run_delivery d left join "
        f"(select delivery_id, count(*) as n from checks.{table} group by all) c using (delivery_id) where d.feed = ?",
        [feed],
    ).fetchall()
    return dict(counted)


def _total(check: Check, failures: Sequence[Failure]) -> CheckTotal:
    return CheckTotal(
        table=check.table,
        check=check.name,
        failing_rows=sum(failure.count for failure in failures),
        failing_deliveries=len({failure.delivery_id for failure in failures}),
        passed=not failures,
    )


def _exception(info: Any) -> str | None:  # noqa: ANN401 - a mapping, or one of mappings by metric
    """Return the first exception's message, one line. `gx_duckdb` sees to it that messages of queries hold no values."""
    entries = [info] if "raised_exception" in info else list(info.values())
    raised = [entry for entry in entries if entry.get("raised_exception")]
    return str(raised[0].get("exception_message") or "no message").partition("\n")[0][:300] if raised else None


def _show_totals(result: Any, totals: Sequence[CheckTotal], row_count: int) -> None:  # noqa: ANN401
    """Give GX's result figures to show: BOOLEAN_ONLY leaves it without any."""
    for outcome in result.results:
        total = next(one for one in totals if one.check == outcome.expectation_config.meta["check"])
        outcome.result = {
            "observed_value": f"failing rows: {total.failing_rows}, in deliveries: {total.failing_deliveries}",
            # A row can fail two rules of one check, and GX refuses more than 100.
            "unexpected_percent": min(100.0, 100 * total.failing_rows / max(row_count, 1)),
        }


def _store(context: Any, results: Mapping[str, Any], run_name: str) -> None:  # noqa: ANN401
    """Store the results of this run under `gx/validations`."""
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    run_id = RunIdentifier(run_name=re.sub(r"[^\w.-]+", "-", run_name), run_time=datetime.now(UTC))
    for table, result in results.items():
        result.meta["run_id"] = run_id
        key = ValidationResultIdentifier(ExpectationSuiteIdentifier(table), run_id, batch_identifier=table)
        context.validation_results_store.set(key, result)
