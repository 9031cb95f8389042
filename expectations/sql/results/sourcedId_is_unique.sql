-- Counts rows whose sourcedId another row has too (KEY006) or is blank (KEY005). What stands once is found by its
-- hash alone.
with repeated as (
    select hash(delivery_id, sourcedId) as key_hash
    from {{ batch }}
    where sourcedId is not null
    group by all
    having count(*) > 1
),

of_key as (
    select
        delivery_id,
        sourcedId,
        count(*) as n_rows
    from {{ batch }}
    where sourcedId is not null and hash(delivery_id, sourcedId) in (select key_hash from repeated)
    group by all
    having count(*) > 1
)

select
    delivery_id,
    'KEY006' as code,
    cast(sum(n_rows) as bigint) as n,
    first_keys(sourcedId) as keys
from of_key
group by delivery_id
union all
select
    delivery_id,
    'KEY005' as code,
    count(*) as n,
    [] as keys
from {{ batch }}
where sourcedId is null and not is_carried_over
group by delivery_id
