{{ config(materialized='view') }}
select
    student.district_id,
    student.student_id,
    district.school_year,
    district.as_of_date,
    student.student_number,
    student.given_name,
    student.family_name,
    student.grade_level,
    has.subgroups
from {{ ref('dim_student') }} as student
inner join {{ ref('dim_district') }} as district on student.district_id = district.district_id
left join (
    select district_id, student_id, map(list(subgroup order by subgroup), list(value order by subgroup)) as subgroups
    from {{ ref('fct_student_subgroup') }}
    where subgroup <> 'all_students'
    group by district_id, student_id
) as has on student.district_id = has.district_id and student.student_id = has.student_id
where student.is_active
