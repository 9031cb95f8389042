-- Counts rows whose student_id another row has too, with any other cell: none of them counts.
with repeated as (
    select
        delivery_id,
        student_id
    from {{ batch }}
    where student_id is not null
    group by all
    having count(*) > 1
),

contradicting as (
    select
        b.delivery_id,
        count(*) as n_rows,
        list(b.student_id) as some_keys
    from {{ batch }} as b
    inner join repeated as r on b.delivery_id = r.delivery_id and b.student_id = r.student_id
    group by b.delivery_id, b.student_id
    having count(distinct {{ map_as_list('b.cells') }}) > 1
)

select
    delivery_id,
    cast(sum(n_rows) as bigint) as n,
    keys_of_groups(some_keys) as keys
from contradicting
group by delivery_id
