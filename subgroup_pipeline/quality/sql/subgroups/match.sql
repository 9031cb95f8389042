-- Of each file: distinct keys that are not blank, those that match one active student, active students of the
-- roster, keys that are nobody's, and rows whose key two students have. Reads control.run_delivery,
-- checks.known_key, checks.file_key.
with students as (
    select
        delivery_id,
        count(distinct first_student) as n
    from checks.known_key
    where first_student = last_student
    group by all
),

keys as (
    select
        delivery_id,
        count(*) as n,
        count(*) filter (where state = 'matched') as matched,
        count(*) filter (where state = 'unknown') as unknown,
        cast(coalesce(sum(n_rows) filter (where state = 'ambiguous'), 0) as bigint) as ambiguous_rows
    from checks.file_key
    group by all
)

select
    r.delivery_id,
    coalesce(k.n, 0),
    coalesce(k.matched, 0),
    coalesce(s.n, 0),
    coalesce(k.unknown, 0),
    coalesce(k.ambiguous_rows, 0)
from warehouse.control.run_delivery as r
left join keys as k on r.delivery_id = k.delivery_id
left join students as s on r.delivery_id = s.delivery_id
where r.feed = 'subgroups'
