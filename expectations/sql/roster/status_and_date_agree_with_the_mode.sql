-- Counts rows that say by status or dateLastModified another mode than manifest.csv says for their file.
-- DLT102: a row of a file of changes lacks one of them. DLT101: a row of a full file has one; DLT103: all of
-- them have both.
with of_file as (
    select
        delivery_id,
        sourcedId,
        is_change,
        status is not null and dateLastModified is not null as has_both,
        status is not null or dateLastModified is not null as has_any
    from {{ batch }}
    where not is_carried_over
),

counted as (
    select
        delivery_id,
        is_change,
        count(*) as n_rows,
        count(*) filter (where has_both) as n_both,
        count(*) filter (where has_any) as n_any,
        first_keys(case when not is_change and has_any then sourcedId end) as keys_any,
        count(*) filter (where not has_both) as n_lacking,
        first_keys(case when is_change and not has_both then sourcedId end) as keys_lacking
    from of_file
    group by all
)

select
    delivery_id,
    'DLT102' as code,
    n_lacking as n,
    keys_lacking as keys
from counted
where is_change and n_lacking > 0
union all
select
    delivery_id,
    case when n_both = n_rows then 'DLT103' else 'DLT101' end as code,
    n_any as n,
    keys_any as keys
from counted
where not is_change and n_any > 0
