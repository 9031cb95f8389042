with used as (
    select distinct district_id, subgroup, value from {{ in_scope(ref('fct_student_subgroup')) }} as fact
    union
    select distinct district_id, subgroup, value from {{ in_scope(ref('rpt_district_subgroup')) }} as report
)

select
    used.district_id,
    used.subgroup,
    used.value
from used
left join {{ in_scope(ref('dim_subgroup')) }} as subgroup
    on used.district_id = subgroup.district_id
    and used.subgroup = subgroup.subgroup
    and used.value = subgroup.value
where subgroup.value is null
