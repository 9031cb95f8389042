"""The schema `quality` of what is published: deliveries, findings and the reconciliation of row counts. No student values."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from subgroup_pipeline.publish.reconciliation import RECONCILIATION, reconcile
from subgroup_pipeline.registry.ledger import (
    LIVE_STATES,
    Proof,
    State,
    Verdict,
    deliveries_since,
    describe_finding,
    iso_time,
)
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.shard import Shard

KEPT = timedelta(days=35)
"""Older deliveries are left out of the published tables unless they are live; the registry keeps them."""

_DELIVERY = Table(
    "quality",
    "delivery",
    f"One row per delivery of the last {KEPT.days} days, and every live one.",
    {
        "delivery_id": Column("varchar", "Key of the delivery; ids sort by the time of receipt."),
        "district_id": Column("varchar", "Key of the district, from its login; never from file content."),
        "feed": Column("varchar", "What was delivered: roster or subgroups."),
        "state": Column("varchar", f"How far it has come: {', '.join(get_args(State))}."),
        "verdict": Column("varchar", f"What the checks say: {', '.join(get_args(Verdict))}; null before they ran."),
        "proof": Column("varchar", f"What proves that it is complete: {', '.join(get_args(Proof))}; null if nothing does."),
        "received_at": Column("timestamp", "When it arrived (UTC)."),
        "settings_version": Column("integer", "Version of the district's settings that it was read with."),
        "line_count": Column("bigint", "Physical lines of its files."),
        "record_count": Column("bigint", "Rows of its files as CSV reads them, without headers."),
        "set_aside_count": Column("bigint", "Rows that are not used, for whatever reason."),
        "landed_count": Column("bigint", "Rows that were loaded."),
        "oneroster_version": Column("varchar", "The version of OneRoster that a roster was read as; null for a subgroup file."),
    },
    database="analytics",
)
_FINDING = Table(
    "quality",
    "finding",
    "One row per finding about one of these deliveries.",
    {
        "delivery_id": Column("varchar", "The delivery that it is about."),
        "district_id": Column("varchar", "Key of the district, from its login; never from file content."),
        "code": Column("varchar", "What was found; docs/error-codes.md explains each code."),
        "severity": Column(
            "varchar", "fatal rejects, hold waits for a person, error sets rows aside; the others use everything."
        ),
        "file": Column("varchar", "Name of the file; null if it is about the whole delivery."),
        "line": Column("integer", "First line that it is about; null if it is about no line."),
        "column": Column("varchar", "Name of the column; null if it is about no column."),
        "count": Column("bigint", "How many rows, cells or columns it is about."),
        "message": Column("varchar", "What was found, in words."),
        "how_to_fix": Column("varchar", "What to do about it."),
    },
    database="analytics",
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
    shard: Shard,
) -> dict[str, str]:
    """Replace `analytics.quality` by what is said of a shard's districts.

    Gives a hash of what it says of each district, so that what is the same is not made anew.
    """
    oldest = datetime.now(UTC) - KEPT
    with registry.begin() as session:
        deliveries = [d for d in deliveries_since(session, oldest, LIVE_STATES) if shard.takes(d.district_id)]
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
        connection.execute(f"create or replace table {table} {table.definition}")
        insert_rows(connection, table, rows)
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
        "oneroster_version": delivery.record.oneroster_version,
    }
