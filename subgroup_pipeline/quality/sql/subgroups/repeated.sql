-- Of each file with keys that stand twice: rows that are equal in every cell to an earlier one, with some of
-- their keys, and rows of a student which contradict another one. Equal rows count once; where any cell
-- differs, none counts. Reads checks.file_key and checks.subgroup_row.
with repeated as (
    select
        delivery_id,
        key,
        state
    from checks.file_key
    where n_rows > 1
),

of_key as (
    select
        r.delivery_id,
        r.key,
        r.state,
        count(*) as n,
        count(distinct {{ map_as_list('b.cells') }}) = 1 as is_same
    from checks.subgroup_row as b
    inner join repeated as r on b.delivery_id = r.delivery_id and b.student_id = r.key
    group by all
)

select
    delivery_id,
    cast(coalesce(sum(n - 1) filter (where is_same), 0) as bigint),
    first_keys(case when is_same then key end),
    cast(coalesce(sum(n) filter (where not is_same and state = 'matched'), 0) as bigint)
from of_key
group by all
