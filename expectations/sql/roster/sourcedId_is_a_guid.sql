-- Counts rows whose sourcedId can be used but has signs that OneRoster does not allow.
select
    delivery_id,
    count(*) as n,
    first_keys(sourcedId) as keys
from {{ batch }}
where not ({{ is_guid('sourcedId') }}) and {{ is_usable_key('sourcedId') }}
group by delivery_id
