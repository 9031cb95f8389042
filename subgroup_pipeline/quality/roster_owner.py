"""Whether a roster is another district's: its organisations are unknown here, and another district has them and its people.

Ids are unique only inside a district, so a foreign match alone means nothing (docs/architecture.md 3.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.limits import ORGS_KNOWN_ELSEWHERE, USERS_KNOWN_ELSEWHERE
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.quality.subgroup_owner import EVENT
from subgroup_pipeline.quality.validation import open_session
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.ledger import PIPELINE, live_deliveries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings


# Shares are of the new file's ids. Candidates have none of their orgs here, and are compared by users then.
_FOREIGN = f"""
with new_org as (
    select distinct r.district_id, r.delivery_id, r.roster_delivery_id, o.sourcedId as id
    from warehouse.control.run_delivery r join warehouse.raw.orgs o on o.delivery_id = r.delivery_id
    where r.feed = 'roster' and r.roster_delivery_id is not null and o.sourcedId is not null
), unknown as (
    select n.district_id, n.delivery_id, count(*) as n_orgs
    from new_org n left join warehouse.raw.orgs o on o.delivery_id = n.roster_delivery_id and o.sourcedId = n.id
    group by all having count(o.sourcedId) = 0 and count(*) >= 2
), elsewhere as (
    select u.delivery_id, o.district_id, o.delivery_id as other_id
    from unknown u join new_org n using (delivery_id)
    join warehouse.raw.orgs o on o.sourcedId = n.id and o.district_id <> u.district_id
        and o.delivery_id in (select unnest($live))
    group by all having count(distinct n.id) >= {ORGS_KNOWN_ELSEWHERE} * any_value(u.n_orgs)
)
select e.delivery_id, min(e.district_id)
from (
    select e.delivery_id, e.district_id, count(*) as n_users, count(theirs.sourcedId) as n_known
    from elsewhere e join warehouse.raw.users u on u.delivery_id = e.delivery_id
    left join warehouse.raw.users theirs on theirs.delivery_id = e.other_id and theirs.sourcedId = u.sourcedId
    group by all
) e
where n_known >= {USERS_KNOWN_ELSEWHERE} * n_users group by all
"""


def roster_owner_findings(registry: Registry, settings: Settings, deliveries: Iterable[Delivery]) -> dict[str, Finding]:
    """A finding for each roster of `control.run_delivery` that is most likely another district's, by delivery.

    Each also gets an entry in the audit log, which alone names the other district: the finding goes to who uploaded.
    """
    by_id = {delivery.delivery_id: delivery for delivery in deliveries}
    with registry.begin() as session:
        live = [roster.delivery_id for roster in live_deliveries(session, "roster").values()]
    with open_session(settings) as checks:
        found = dict(checks.execute(_FOREIGN, {"live": live}).fetchall())
    with registry.begin() as session:
        for delivery_id, other in found.items():
            district_id = by_id[delivery_id].district_id
            detail = {"looks_like": other}
            record_event(session, EVENT, actor=PIPELINE, district_id=district_id, delivery_id=delivery_id, detail=detail)
    return {delivery_id: Finding("WRG801", file="orgs.csv", column="sourcedId") for delivery_id in found}
