-- Counts rows whose sourcedId another row of the file has too, but for rows that have a fault of their own.
with repeated as (
    select
        delivery_id,
        sourcedId,
        count(*) - count(fault) as n_rows
    from {{ batch }}
    where sourcedId is not null
    group by all
    having count(*) > 1 and count(fault) < count(*)
)

select
    delivery_id,
    cast(sum(n_rows) as bigint) as n,
    first_keys(sourcedId) as keys
from repeated
group by delivery_id
