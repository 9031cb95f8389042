with counted as (
    select
        has.district_id,
        has.subgroup,
        has.value,
        count(*) as student_count
    from {{ ref('fct_student_subgroup') }} as has
    group by all
)

select
    counted.district_id,
    counted.subgroup,
    counted.value,
    district.school_year,
    district.as_of_date,
    counted.student_count,
    total.student_count as total_students,
    counted.student_count / total.student_count as student_share,
    sum(case when subgroup.is_member then counted.student_count when not subgroup.is_member then 0 end) over (
        partition by counted.district_id, counted.subgroup
    ) as member_count,
    member_count / total.student_count as member_share
from counted
inner join {{ ref('dim_subgroup') }} as subgroup
    on counted.district_id = subgroup.district_id and counted.subgroup = subgroup.subgroup
    and counted.value = subgroup.value
inner join {{ ref('dim_district') }} as district on counted.district_id = district.district_id
inner join {{ ref('dim_district') }} as total on counted.district_id = total.district_id
