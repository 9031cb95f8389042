-- Rosters that are most likely another district's, and whose. Candidates have none of their organisations in
-- the roster that they would replace, at least {{ orgs }} of them in a live roster of another district
-- (`live`), and at least {{ users }} of their users there. Reads control.run_delivery, raw.orgs and raw.users.
with new_org as (
    select distinct
        r.district_id,
        r.delivery_id,
        r.roster_delivery_id,
        o.sourcedId as id
    from warehouse.control.run_delivery as r
    inner join warehouse.raw.orgs as o on r.delivery_id = o.delivery_id
    where r.feed = 'roster' and r.roster_delivery_id is not null and o.sourcedId is not null
),

unknown as (
    select
        n.district_id,
        n.delivery_id,
        count(*) as n_orgs
    from new_org as n
    left join warehouse.raw.orgs as o on n.roster_delivery_id = o.delivery_id and n.id = o.sourcedId
    group by all
    having count(o.sourcedId) = 0 and count(*) >= 2
),

elsewhere as (
    select
        u.delivery_id,
        o.district_id,
        o.delivery_id as other_id
    from unknown as u
    inner join new_org as n on u.delivery_id = n.delivery_id
    inner join warehouse.raw.orgs as o
        on n.id = o.sourcedId and u.district_id <> o.district_id and o.delivery_id in (select unnest({{ live }}))
    group by all
    having count(distinct n.id) >= {{ orgs }} * any_value(u.n_orgs)
),

known as (
    select
        e.delivery_id,
        e.district_id,
        count(*) as n_users,
        count(theirs.sourcedId) as n_known
    from elsewhere as e
    inner join warehouse.raw.users as u on e.delivery_id = u.delivery_id
    left join warehouse.raw.users as theirs on e.other_id = theirs.delivery_id and u.sourcedId = theirs.sourcedId
    group by all
)

select
    delivery_id,
    min(district_id)
from known
where n_known >= {{ users }} * n_users
group by all
