select
    value.district_id,
    value.subgroup,
    value.value,
    value.is_member,
    subgroup.subgroup_label,
    value.value_label,
    subgroup.source_column,
    subgroup.sensitivity,
    subgroup.is_on_student_pages,
    subgroup.essa_group,
    subgroup.subgroup_order,
    value.display_order
from {{ ref('int_subgroup_value') }} as value
inner join {{ ref('int_subgroup') }} as subgroup
    on value.subgroup_key = subgroup.subgroup_key
