-- A row per cell of the subgroup files. Rows that differ for one student say nothing of them.
with rows_once as (
    select distinct * from {{ ref('raw_subgroups') }} where trim(student_id) <> ''
),

told_once as (
    select * from rows_once
    qualify count(*) over (partition by district_id, trim(student_id)) = 1
)

select
    district_id,
    trim(student_id) as student_number,
    source_column,
    coalesce(trim(raw_value), '') as raw_value
from told_once
unpivot include nulls (raw_value for source_column in (columns(* exclude (district_id, student_id))))
