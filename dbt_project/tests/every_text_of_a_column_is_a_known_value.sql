select
    subgroup.district_id,
    text.subgroup_key,
    text.value
from {{ ref('int_subgroup_text') }} as text
inner join {{ ref('int_subgroup') }} as subgroup
    on text.subgroup_key = subgroup.subgroup_key
left join {{ ref('int_subgroup_value') }} as value
    on text.subgroup_key = value.subgroup_key and text.value = value.value
where value.value_key is null
