-- Counts rows without a sourcedId. They have no key to find their lines by; landing's own lookup finds them.
select
    delivery_id,
    count(*) as n,
    cast([] as varchar[]) as keys
from {{ batch }}
where sourcedId is null
group by delivery_id
