with subgroups as (
    select
        district_id,
        count(distinct subgroup) as subgroup_count
    from {{ in_scope(ref('dim_subgroup')) }} as subgroup
    group by district_id
),

has as (
    select
        district_id,
        count(*) as value_count
    from {{ in_scope(ref('fct_student_subgroup')) }} as has
    group by district_id
)

select
    district.district_id,
    district.student_count * coalesce(subgroups.subgroup_count, 0) as expected_values,
    coalesce(has.value_count, 0) as value_count
from {{ in_scope(ref('dim_district')) }} as district
left join subgroups
    on district.district_id = subgroups.district_id
left join has
    on district.district_id = has.district_id
where
    subgroups.subgroup_count is null
    or district.student_count * subgroups.subgroup_count <> coalesce(has.value_count, 0)
