"""Running the suites: one GX validation per raw table over all deliveries of a turn, failing rows counted by delivery.

What is wrong in a delivery is a `Failure`; what keeps GX itself from judging is an error. Data Docs and the stored results
under `$SUBGROUPS_HOME/gx` hold names of checks and totals: no cell, no key. GX is imported when a validation starts.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.quality.check_session import ChecksNotRunError, fact_query
from subgroup_pipeline.quality.data_docs import write_data_docs
from subgroup_pipeline.quality.deferred import defer_unused
from subgroup_pipeline.quality.expectations import Check, RowRule, checks_of, row_rules, suite_json
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.quality.gx_duckdb import DuckDBDatasource, Violations
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class Failure:
    """Failing rows of one delivery under one rule.

    `keys` are values of the table's key column in such rows, to look their lines up in the archived file: they are ids of
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


@dataclass(frozen=True)
class Validation:
    """The outcome: failures, and rows by (table, delivery), including deliveries with none."""

    failures: list[Failure]
    rows: dict[tuple[str, str], int]


@stage("check")
def validate(settings: Settings, session: duckdb.DuckDBPyConnection, tables: Collection[str], *, run_name: str) -> Validation:
    """Run the suites of these tables over the deliveries of a session, and write Data Docs of a run that has a name.

    Raises ChecksNotRunError when GX cannot judge, ExpectationFileError when a suite is malformed.
    """
    checks = {table: checks_of(table) for table in tables}
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when GX is imported
    defer_unused()
    from subgroup_pipeline.quality.gx_duckdb import make_datasource

    datasource = make_datasource(session, tables)
    if any(RAW_TABLES[table].feed == "roster" for table in tables):
        session.execute(fact_query("session/parents"))
    failures: list[Failure] = []
    rows = _rows(session, tables)
    of_table = Counter[str]()
    for (table, _), count in rows.items():
        of_table[table] += count
    results: dict[str, Any] = {}
    for table in tables:
        results[table], found = _run_suite(datasource, table, row_rules(checks[table]), is_empty=not of_table[table])
        of_checks = {check.name: _failures(check, found[check.name]) for check in checks[table]}
        _show_totals(results[table], of_checks, of_table[table])
        failures += [failure for failed in of_checks.values() for failure in failed]
    if run_name:
        _store(settings, results, run_name)
        write_data_docs(settings)
    return Validation(failures, rows)


def _run_suite(
    datasource: DuckDBDatasource, table: str, rules: Sequence[RowRule], *, is_empty: bool
) -> tuple[Any, dict[str, list[Violations]]]:
    """Validate one table; gives GX's result and what was found by check. Raises ChecksNotRunError for a check that raised."""
    from great_expectations import ExpectationSuite

    asset = datasource.get_asset(table)
    batch = asset.get_batch(asset.build_batch_request())
    found: dict[str, list[Violations]] = batch.data.execution_engine.begin(table, rules, is_empty=is_empty)
    # BOOLEAN_ONLY: every other format carries failing values.
    result = batch.validate(ExpectationSuite(**suite_json(table)), result_format="BOOLEAN_ONLY")
    for outcome in result.results:
        if message := _exception(outcome.exception_info):
            name = outcome.expectation_config.meta["check"]
            raise ChecksNotRunError(
                f"Great Expectations could not run {name} on {table}: {message}. Mend it in expectations/{table}.json; "
                "no delivery of this run was judged."
            )
    return result, found


def _failures(check: Check, violations: Sequence[Violations]) -> list[Failure]:
    """Turn counts into failures. Raises ChecksNotRunError for a code that `meta` lacks."""
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
                keys=found.keys,
            )
        )
    return failures


def _rows(session: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[tuple[str, str], int]:
    query = fact_query("session/rows", tables=[RAW_TABLES[table] for table in tables])
    return {(table, delivery): count for table, delivery, count in session.execute(query).fetchall()}


def _exception(info: Any) -> str | None:  # noqa: ANN401 - a mapping, or one of mappings by metric
    """Return the first exception's message, one line. `gx_duckdb` sees to it that messages of queries hold no values."""
    entries = [info] if "raised_exception" in info else list(info.values())
    raised = [entry for entry in entries if entry.get("raised_exception")]
    return str(raised[0].get("exception_message") or "no message").partition("\n")[0][:300] if raised else None


def _show_totals(result: Any, failures: Mapping[str, Sequence[Failure]], row_count: int) -> None:  # noqa: ANN401
    """Give GX's result figures to show: BOOLEAN_ONLY leaves it without any."""
    for outcome in result.results:
        failed = failures[outcome.expectation_config.meta["check"]]
        failing_rows = sum(failure.count for failure in failed)
        outcome.result = {
            "observed_value": f"failing rows: {failing_rows}, in deliveries: {len({one.delivery_id for one in failed})}",
            # A row can fail two rules of one check, and GX refuses more than 100.
            "unexpected_percent": min(100.0, 100 * failing_rows / max(row_count, 1)),
        }


def _store(settings: Settings, results: Mapping[str, Any], run_name: str) -> None:
    """Keep the results of this run under `gx/validations`, in the folders and the form that GX itself gives them."""
    name, now = re.sub(r"[^\w.-]+", "-", run_name), datetime.now(UTC)
    for table, result in results.items():
        result.meta["run_id"] = {"run_name": name, "run_time": now.isoformat()}
        folder = settings.paths.gx / "validations" / table / name / f"{now:%Y%m%dT%H%M%S.%fZ}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / f"{table}.json").write_text(json.dumps(result.to_json_dict(), indent=2), encoding="utf-8")
