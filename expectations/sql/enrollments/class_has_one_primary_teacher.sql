-- Counts rows, which count, of classes with more than one primary teacher.
with taught as (
    select
        delivery_id,
        classSourcedId,
        count(*) as n_rows,
        list(sourcedId) as some_keys
    from {{ batch }}
    where {{ truth_of('"primary"') }} and lower(role) = 'teacher' and counts and classSourcedId is not null
    group by all
    having count(distinct userSourcedId) > 1
)

select
    delivery_id,
    cast(sum(n_rows) as bigint) as n,
    keys_of_groups(some_keys) as keys
from taught
group by delivery_id
