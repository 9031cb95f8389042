"""Whether a roster is another district's: its organisations are unknown here, and another district has them and its people.

Ids are unique only inside a district, so a foreign match alone means nothing (design 3.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.quality.validation import open_session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subgroup_pipeline.settings import Settings

ORGS_KNOWN_ELSEWHERE = 0.80
USERS_KNOWN_ELSEWHERE = 0.50

# Shares are of the new file's ids. Candidates have none of their orgs here, and are compared by users then.
_FOREIGN = f"""
with new_org as (
    select distinct r.district_id, r.delivery_id, r.roster_delivery_id, o.sourcedId as id
    from warehouse.control.run_delivery r join warehouse.raw.orgs o on o.delivery_id = r.delivery_id
    where r.feed = 'roster' and r.roster_delivery_id is not null and unless_blank(o.sourcedId) is not null
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


def rosters_of_others(settings: Settings, live_rosters: Iterable[str]) -> dict[str, str]:
    """The district that a roster of `control.run_delivery` really is of, by delivery; its own are absent."""
    with open_session(settings) as session:
        return dict(session.execute(_FOREIGN, {"live": list(live_rosters)}).fetchall())
