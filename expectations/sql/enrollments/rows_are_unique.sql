-- Counts rows whose sourcedId another row has too (KEY002 where changes are applied by it, else KEY006) or is
-- blank (KEY001, KEY005), and rows that say of one person in one class the same again (DUP401). What stands
-- once is found by its hash alone.
with repeated_key as (
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
        bool_or(is_change) as is_change,
        count(*) as n_rows
    from {{ batch }}
    where sourcedId is not null and hash(delivery_id, sourcedId) in (select key_hash from repeated_key)
    group by all
    having count(*) > 1
),

repeated_seat as (
    select hash(delivery_id, userSourcedId, classSourcedId, role) as seat_hash
    from {{ batch }}
    where counts
    group by all
    having count(*) > 1
),

of_seat as (
    select
        delivery_id,
        count(*) as n_rows,
        list(sourcedId) as some_keys
    from {{ batch }}
    where
        counts and userSourcedId is not null and classSourcedId is not null
        and hash(delivery_id, userSourcedId, classSourcedId, role) in (select seat_hash from repeated_seat)
    group by delivery_id, userSourcedId, classSourcedId, role
    having count(*) > 1
)

select
    delivery_id,
    case when is_change then 'KEY002' else 'KEY006' end as code,
    'sourcedId' as column_name,
    cast(sum(n_rows) as bigint) as n,
    first_keys(sourcedId) as keys
from of_key
group by delivery_id, is_change
union all
select
    delivery_id,
    'DUP401' as code,
    'userSourcedId' as column_name,
    cast(sum(n_rows) as bigint) as n,
    keys_of_groups(some_keys) as keys
from of_seat
group by delivery_id
union all
select
    delivery_id,
    case when is_change then 'KEY001' else 'KEY005' end as code,
    'sourcedId' as column_name,
    count(*) as n,
    [] as keys
from {{ batch }}
where sourcedId is null and not is_carried_over
group by delivery_id, is_change
