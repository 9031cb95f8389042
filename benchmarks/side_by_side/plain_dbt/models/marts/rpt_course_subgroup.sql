with counted as (
    select
        has.district_id,
        place.school_id,
        place.course_id,
        has.subgroup,
        has.value,
        count(*) as student_count
    from {{ ref('fct_student_subgroup') }} as has
    inner join (
        select distinct district_id, student_id, school_id, course_id
        from {{ ref('fct_enrollment') }}
        where course_id is not null
    ) as place on has.district_id = place.district_id and has.student_id = place.student_id
    group by all
)

select
    counted.district_id,
    counted.school_id,
    counted.course_id,
    counted.subgroup,
    counted.value,
    district.school_year,
    district.as_of_date,
    school.school_name,
    total.course_title,
    counted.student_count,
    total.student_count as total_students,
    counted.student_count / total.student_count as student_share,
    sum(case when subgroup.is_member then counted.student_count when not subgroup.is_member then 0 end) over (
        partition by counted.district_id, counted.school_id, counted.course_id, counted.subgroup
    ) as member_count,
    member_count / total.student_count as member_share
from counted
inner join {{ ref('dim_subgroup') }} as subgroup
    on counted.district_id = subgroup.district_id and counted.subgroup = subgroup.subgroup
    and counted.value = subgroup.value
inner join {{ ref('dim_district') }} as district on counted.district_id = district.district_id
inner join {{ ref('dim_course') }} as total on counted.district_id = total.district_id and counted.school_id = total.school_id and counted.course_id = total.course_id
inner join {{ ref('dim_school') }} as school
    on counted.district_id = school.district_id and counted.school_id = school.school_id
