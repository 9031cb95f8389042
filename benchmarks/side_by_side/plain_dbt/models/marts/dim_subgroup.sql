with used as (
    select district_id, subgroup, value from {{ ref('fct_student_subgroup') }}
    union
    select district_id, subgroup, value from {{ ref('subgroup_value') }}
)

select
    used.district_id,
    used.subgroup,
    used.value,
    case
        when used.subgroup = 'all_students' then true
        when not subgroup.is_open then used.value not in ('no', 'full_price', 'not_tested', 'not_reported')
    end as is_member,
    upper(left(used.subgroup, 1)) || replace(substr(used.subgroup, 2), '_', ' ') as subgroup_label,
    subgroup.source_column,
    coalesce(subgroup.sensitivity, 'none') as sensitivity
from used
left join {{ ref('subgroup') }} as subgroup
    on used.district_id = subgroup.district_id and used.subgroup = subgroup.subgroup
