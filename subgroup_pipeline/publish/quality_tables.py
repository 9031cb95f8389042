"""The schema `quality` of what is published: deliveries, findings and the reconciliation of row counts. No student values."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.landing.warehouse import insert_rows
from subgroup_pipeline.publish.reconciliation import RECONCILIATION, reconcile
from subgroup_pipeline.registry.ledger import LIVE_STATES, all_deliveries, describe_finding, iso_time, rows_set_aside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import State
    from subgroup_pipeline.registry.schema import Delivery

KEPT = timedelta(days=35)
"""Older deliveries are left out of the published tables unless they are live; the registry keeps them."""

_DELIVERY = {
    "delivery_id": "VARCHAR",
    "district_id": "VARCHAR",
    "feed": "VARCHAR",
    "state": "VARCHAR",
    "verdict": "VARCHAR",
    "proof": "VARCHAR",
    "received_at": "TIMESTAMP",
    "settings_version": "INTEGER",
    "line_count": "BIGINT",
    "record_count": "BIGINT",
    "set_aside_count": "BIGINT",
    "landed_count": "BIGINT",
}
_FINDING = {
    "delivery_id": "VARCHAR",
    "district_id": "VARCHAR",
    "code": "VARCHAR",
    "severity": "VARCHAR",
    "file": "VARCHAR",
    "line": "INTEGER",
    "column": "VARCHAR",
    "count": "BIGINT",
    "message": "VARCHAR",
    "how_to_fix": "VARCHAR",
}


def state_when_shown(delivery: Delivery, shown: Mapping[tuple[str, str], str]) -> State:
    """State of a live delivery once these deliveries are what readers see: published, replaced, or still waiting."""
    state: State = delivery.state  # type: ignore[assignment]
    other = shown.get((delivery.district_id, delivery.feed))
    if state not in LIVE_STATES or other is None:
        return state
    if other == delivery.delivery_id:
        return "published"
    # Ids sort by the time of receipt.
    return "superseded" if delivery.delivery_id < other else state


def write_quality_tables(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    shown: Mapping[tuple[str, str], str],
    kept_hops: Mapping[str, Sequence[dict[str, Any]]],
) -> dict[str, str]:
    """Replace `analytics.quality`; gives a hash of what it says of each district, so that what is the same is not made anew."""
    oldest = datetime.now(UTC) - KEPT
    deliveries = [d for d in all_deliveries(registry) if d.received_at >= oldest or d.state in LIVE_STATES]
    tables: dict[str, tuple[dict[str, str], list[dict[str, Any]]]] = {
        "delivery": (_DELIVERY, [_delivery_row(delivery, state_when_shown(delivery, shown)) for delivery in deliveries]),
        "finding": (
            _FINDING,
            [
                {"delivery_id": d.delivery_id, "district_id": d.district_id, **describe_finding(finding)}
                for d in deliveries
                for finding in d.findings
            ],
        ),
        "reconciliation": (RECONCILIATION, reconcile(connection, deliveries, kept_hops)),
    }
    connection.execute("create schema if not exists analytics.quality")
    for name, (columns, rows) in tables.items():
        typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f"create or replace table analytics.quality.{name} ({typed})")
        insert_rows(connection, f"analytics.quality.{name}", columns, rows)
    said: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _, rows in tables.values():
        for row in rows:
            said[row["district_id"]].append(row)
    return {
        district_id: hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()
        for district_id, rows in said.items()
    }


def _delivery_row(delivery: Delivery, state: State) -> dict[str, Any]:
    files = list(delivery.counts.get("files", {}).values())

    def total(name: str) -> int:
        return sum(file.get(name, 0) for file in files)

    return {
        "delivery_id": delivery.delivery_id,
        "district_id": delivery.district_id,
        "feed": delivery.feed,
        "state": state,
        "verdict": delivery.verdict,
        "proof": delivery.proof,
        "received_at": (iso_time(delivery.received_at) or "").rstrip("Z"),
        "settings_version": delivery.settings_version,
        "line_count": total("lines"),
        "record_count": total("records"),
        "set_aside_count": rows_set_aside(delivery),
        "landed_count": total("landed"),
    }
