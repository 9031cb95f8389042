"""Whether a roster is another district's: its organisations are unknown here, and another district has them and its people.

Ids are unique only inside a district, so a foreign match alone means nothing (docs/architecture.md 3.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.limits import ORGS_KNOWN_ELSEWHERE, USERS_KNOWN_ELSEWHERE
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.quality.subgroup_owner import EVENT
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.ledger import PIPELINE, live_deliveries
from subgroup_pipeline.warehouse.sql_text import literals

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery


def roster_owner_findings(
    registry: Registry, session: duckdb.DuckDBPyConnection, deliveries: Iterable[Delivery]
) -> dict[str, Finding]:
    """A finding for each roster of `control.run_delivery` that is most likely another district's, by delivery.

    Each also gets an entry in the audit log, which alone names the other district: the finding goes to who uploaded.
    """
    by_id = {delivery.delivery_id: delivery for delivery in deliveries}
    with registry.begin() as ledger:
        live = [roster.delivery_id for roster in live_deliveries(ledger, "roster").values()]
    query = fact_query("roster/owner", orgs=ORGS_KNOWN_ELSEWHERE, users=USERS_KNOWN_ELSEWHERE, live=literals(live))
    found = dict(session.execute(query).fetchall())
    with registry.begin() as ledger:
        for delivery_id, other in found.items():
            district_id = by_id[delivery_id].district_id
            detail = {"looks_like": other}
            record_event(ledger, EVENT, actor=PIPELINE, district_id=district_id, delivery_id=delivery_id, detail=detail)
    return {delivery_id: Finding("WRG801", file="orgs.csv", column="sourcedId") for delivery_id in found}
