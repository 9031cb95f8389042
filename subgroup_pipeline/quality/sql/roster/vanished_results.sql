-- Rosters without results, each of which would replace one that has some. Reads control.run_delivery and raw.results.
with has_results as (
    select distinct delivery_id
    from warehouse.raw.results
    where {{ row_counts('status') }}
)

select r.delivery_id
from warehouse.control.run_delivery as r
where
    r.feed = 'roster'
    and r.roster_delivery_id in (select h.delivery_id from has_results as h)
    and r.delivery_id not in (select h.delivery_id from has_results as h)
