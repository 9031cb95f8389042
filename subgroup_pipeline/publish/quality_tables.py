"""The schema `quality` of what is published: deliveries, findings and the reconciliation of row counts. No student values."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from subgroup_pipeline.publish.published_table import Column, PublishedTable
from subgroup_pipeline.publish.reconciliation import RECONCILIATION, reconcile
from subgroup_pipeline.registry.ledger import (
    LIVE_STATES,
    Proof,
    State,
    Verdict,
    all_deliveries,
    describe_finding,
    iso_time,
)
from subgroup_pipeline.warehouse.connection import insert_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery

KEPT = timedelta(days=35)
"""Older deliveries are left out of the published tables unless they are live; the registry keeps them."""

_DELIVERY = PublishedTable(
    "quality",
    "delivery",
    f"One row per delivery of the last {KEPT.days} days, and every live one.",
    {
        "delivery_id": Column("VARCHAR", "Key of the delivery; ids sort by the time of receipt."),
        "district_id": Column("VARCHAR", "Key of the district, from its login; never from file content."),
        "feed": Column("VARCHAR", "What was delivered: roster or subgroups."),
        "state": Column("VARCHAR", f"How far it has come: {', '.join(get_args(State))}."),
        "verdict": Column("VARCHAR", f"What the checks say: {', '.join(get_args(Verdict))}; null before they ran."),
        "proof": Column("VARCHAR", f"What proves that it is complete: {', '.join(get_args(Proof))}; null if nothing does."),
        "received_at": Column("TIMESTAMP", "When it arrived (UTC)."),
        "settings_version": Column("INTEGER", "Version of the district's settings that it was read with."),
        "line_count": Column("BIGINT", "Physical lines of its files."),
        "record_count": Column("BIGINT", "Rows of its files as CSV reads them, without headers."),
        "set_aside_count": Column("BIGINT", "Rows that are not used, for whatever reason."),
        "landed_count": Column("BIGINT", "Rows that were loaded."),
    },
)
_FINDING = PublishedTable(
    "quality",
    "finding",
    "One row per finding about one of these deliveries.",
    {
        "delivery_id": Column("VARCHAR", "The delivery that it is about."),
        "district_id": Column("VARCHAR", "Key of the district, from its login; never from file content."),
        "code": Column("VARCHAR", "What was found; docs/error-codes.md explains each code."),
        "severity": Column(
            "VARCHAR", "fatal rejects, hold waits for a person, error sets rows aside; the others use everything."
        ),
        "file": Column("VARCHAR", "Name of the file; null if it is about the whole delivery."),
        "line": Column("INTEGER", "First line that it is about; null if it is about no line."),
        "column": Column("VARCHAR", "Name of the column; null if it is about no column."),
        "count": Column("BIGINT", "How many rows, cells or columns it is about."),
        "message": Column("VARCHAR", "What was found, in words."),
        "how_to_fix": Column("VARCHAR", "What to do about it."),
    },
)


QUALITY_TABLES = (_DELIVERY, _FINDING, RECONCILIATION)


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
    written: list[list[dict[str, Any]]] = [
        [_delivery_row(delivery, state_when_shown(delivery, shown)) for delivery in deliveries],
        [
            {"delivery_id": d.delivery_id, "district_id": d.district_id, **describe_finding(finding)}
            for d in deliveries
            for finding in d.findings
        ],
        reconcile(connection, deliveries, kept_hops),
    ]
    connection.execute("create schema if not exists analytics.quality")
    said: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table, rows in zip(QUALITY_TABLES, written, strict=True):
        typed = ", ".join(f'"{column}" {kind}' for column, kind in table.types.items())
        connection.execute(f"create or replace table analytics.quality.{table.name} ({typed})")
        insert_rows(connection, f"analytics.quality.{table.name}", table.types, rows)
        for row in rows:
            said[row["district_id"]].append(row)
    return {
        district_id: hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()
        for district_id, rows in said.items()
    }


def _delivery_row(delivery: Delivery, state: State) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "district_id": delivery.district_id,
        "feed": delivery.feed,
        "state": state,
        "verdict": delivery.verdict,
        "proof": delivery.proof,
        "received_at": (iso_time(delivery.received_at) or "").rstrip("Z"),
        "settings_version": delivery.settings_version,
        "line_count": delivery.record.lines,
        "record_count": delivery.record.records,
        "set_aside_count": delivery.record.rows_set_aside,
        "landed_count": delivery.record.landed,
    }
