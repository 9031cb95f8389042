"""Changes-only (delta) rosters: composed with the set they change, so that everything after landing sees full sets.

OneRoster 1.1 CSV: modes are given per file; a delta row replaces the row of its sourcedId or adds one, `tobedeleted` removes
it; a file that is absent did not change. Rows taken over keep the delivery id of the delta, so lineage names one delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.landing.roster_headers import carry_headers_over
from subgroup_pipeline.warehouse.oneroster import roster_tables

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.registry.schema import Delivery

CARRIED_OVER = "(carried over)"
"""file_name of rows that come from the set a delta changes."""


def compose_delta(connection: duckdb.DuckDBPyConnection, delivery: Delivery, base_delivery_id: str) -> int:
    """Add to a landed delta the rows of its base that it does not replace; gives how many. Safe to repeat."""
    carried = 0
    bulk = set(delivery.record.bulk_tables)
    for table in roster_tables().values():
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
        carried += row[0] if row else 0
    carry_headers_over(connection, delivery.delivery_id, base_delivery_id)
    return carried
