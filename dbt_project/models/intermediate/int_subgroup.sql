-- The subgroups of each district: everyone, and what its settings read from the subgroup file or the roster.
-- absent_value is what a student has of whom no source says anything.
with subgroups as (
    select
        district_id,
        'all_students' as subgroup,
        'All students' as subgroup_label,
        null as source_column,
        false as is_in_roster,
        false as is_open,
        'all' as blank_value,
        'all' as absent_value,
        'standard' as sensitivity,
        true as is_on_student_pages,
        null as essa_group,
        0 as subgroup_order,
        -1 as display_order
    from {{ ref('stg_run_scope') }}
    union all
    select
        district_id,
        subgroup,
        min(subgroup_label) as subgroup_label,
        {{ joined_text_of('source_column', 'precedence') }} as source_column,
        bool_or(source <> 'file') as is_in_roster,
        bool_or(is_open) as is_open,
        min(blank_value) as blank_value,
        'not_reported' as absent_value,
        min(sensitivity) as sensitivity,
        bool_and(is_on_student_pages) as is_on_student_pages,
        min(essa_group) as essa_group,
        min(subgroup_order) as subgroup_order,
        min(display_order) as display_order
    from {{ ref('stg_subgroup_column') }}
    group by district_id, subgroup
)

select
    {{ row_key() }} as subgroup_key,
    *
from subgroups
