"""Changes-only (delta) rosters: composed with the set they change, so that everything after landing sees full sets.

OneRoster 1.1 CSV: modes are given per file; a delta row replaces the row of its sourcedId or adds one, `tobedeleted` removes
it; a file that is absent did not change. Rows taken over keep the delivery id of the delta, so lineage names one delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.roles import assign_roles
from subgroup_pipeline.landing.roster_headers import carry_headers_over
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import LIVE_STATES, advance, get_delivery, live_deliveries, undecided_delta
from subgroup_pipeline.warehouse.oneroster import roster_tables
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery

CARRIED_OVER = "(carried over)"
"""file_name of rows that come from the set a delta changes."""


def compose_delta(connection: duckdb.DuckDBPyConnection, delivery: Delivery, base_delivery_id: str) -> int:
    """Add to a landed delta the rows of its base that it does not replace; gives how many of those that models read.

    Safe to repeat. The roles of its users are to be assigned anew then.
    """
    carried = 0
    bulk = set(delivery.record.bulk_tables)
    for table in roster_tables("1.2").values():
        connection.execute(
            f"delete from raw.{table.name} where delivery_id = ? and file_name = ?", [delivery.delivery_id, CARRIED_OVER]
        )
        if table.name in bulk:
            continue
        row = connection.execute(
            f"insert into raw.{table.name} by name "
            "select base.* replace (? as delivery_id, ? as file_name) "
            f"from raw.{table.name} base anti join "
            f"(select sourcedId from raw.{table.name} where delivery_id = ? and sourcedId is not null) changed using (sourcedId) "
            "where base.delivery_id = ?",
            [delivery.delivery_id, CARRIED_OVER, delivery.delivery_id, base_delivery_id],
        ).fetchone()
        if table.name in RAW_TABLES:
            carried += row[0] if row else 0
    carry_headers_over(connection, delivery.delivery_id, base_delivery_id)
    return carried


@dataclass
class Composed:
    """Rosters of a turn that are whole now, and deltas that are not: without a set to change, or behind an undecided one."""

    ready: list[Delivery] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def compose_due(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    rosters: Sequence[Delivery],
    districts: Mapping[str, RegisteredDistrict],
) -> Composed:
    """Apply the deltas among these landed rosters, at most one per district, to the set that is live. Safe to repeat.

    A delta without a set to apply to is rejected; one behind a delta that was not accepted waits (docs/architecture.md 3.14).
    """
    composed = Composed()
    with registry.begin() as session:
        live = live_deliveries(session, "roster")
        for delivery in rosters:
            if not delivery.record.is_delta or delivery.state in LIVE_STATES:
                composed.ready.append(delivery)
                continue
            row = get_delivery(session, delivery.delivery_id)
            base = live.get(delivery.district_id)
            if base is None:
                advance(session, row, "rejected", verdict="rejected")
                _say(session, row, "PKG008")
                composed.rejected.append(row.delivery_id)
            elif undecided_delta(session, base, row):
                _say(session, row, "PKG010")
                composed.waiting.append(row.delivery_id)
            else:
                row.base_delivery_id = base.delivery_id
                carried = compose_delta(connection, row, base.delivery_id)
                if row.record.oneroster_version == "1.2":
                    assign_roles(connection, [row], districts)
                row.record = row.record.updated(DeliveryRecord(rows_carried_over=carried))
                composed.ready.append(row)
    return composed


def _say(session: Session, delivery: Delivery, code: str) -> None:
    store_findings(session, "quality", delivery.district_id, delivery.delivery_id, [Finding(code, file="manifest.csv")])
