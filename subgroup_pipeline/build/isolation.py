"""Isolation: a district whose rows fail a test of the models keeps what is published; the others do not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import PIPELINE, advance, deliveries_in
from subgroup_pipeline.warehouse.control_tables import FAILED_TEST
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from subgroup_pipeline.registry.database import Registry


def failing_districts(connection: duckdb.DuckDBPyConnection, tests: Mapping[str, str]) -> dict[str, list[str]]:
    """Districts with failing rows, and the tests they fail; `tests` are the SQL of the failed tests by name.

    Every data test gives `district_id` with each failing row.
    """
    failing: dict[str, list[str]] = {}
    for name, query in tests.items():
        for (district_id,) in connection.execute(f"select distinct district_id from ({query}) order by 1").fetchall():
            failing.setdefault(district_id, []).append(name)
    return failing


def note_failed_tests(connection: duckdb.DuckDBPyConnection, failing: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Note which tests the districts in scope fail; gives how many districts fail each, also those that were not tested now.

    A district's failures stand until it is built again.
    """
    connection.execute("delete from control.failed_test where district_id in (select district_id from control.run_scope)")
    rows = [{"district_id": district_id, "test_name": test} for district_id, tests in failing.items() for test in tests]
    insert_rows(connection, FAILED_TEST, rows)
    return dict(connection.execute("select test_name, count(*) from control.failed_test group by all").fetchall())


def hold_failed(registry: Registry, failing: Mapping[str, Sequence[str]]) -> list[str]:
    """Hold what these districts newly delivered, with a finding that names the tests; gives the ids of the deliveries held.

    A district that delivered nothing new (its settings changed) gets the finding alone; it is built again every night.
    """
    held: list[str] = []
    with registry.begin() as session:
        new = deliveries_in(session, ["accepted"], failing)
        for district_id, tests in failing.items():
            about = f"Failed: {', '.join(tests)}."
            deliveries = [delivery for delivery in new if delivery.district_id == district_id]
            for delivery in deliveries:
                store_findings(session, "build", district_id, delivery.delivery_id, [Finding("BLD001", about=about)])
                advance(session, delivery, "held", verdict="held", reason=about)
                held.append(delivery.delivery_id)
            if not deliveries:
                store_findings(session, "build", district_id, None, [Finding("BLD001", about=about)])
            record_event(session, "build.held_back", actor=PIPELINE, district_id=district_id, detail={"tests": list(tests)})
    return held
