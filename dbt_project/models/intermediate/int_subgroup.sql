-- The subgroups of each district: everyone, and what its settings read from the subgroup file.
-- absent_value is what a student has who is not in the file.
with subgroups as (
    select
        district_id,
        'all_students' as subgroup,
        'All students' as subgroup_label,
        'roster' as source,
        null as source_column,
        false as is_open,
        'all' as blank_value,
        'all' as absent_value,
        'standard' as sensitivity,
        -1 as display_order
    from {{ ref('stg_run_scope') }}
    union all
    select
        district_id,
        subgroup,
        subgroup_label,
        source,
        source_column,
        is_open,
        blank_value,
        'not_reported' as absent_value,
        sensitivity,
        display_order
    from {{ ref('stg_subgroup_column') }}
    where source = 'sftp'
)

select
    {{ row_key() }} as subgroup_key,
    *
from subgroups
