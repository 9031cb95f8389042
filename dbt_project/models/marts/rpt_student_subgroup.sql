{{ config(materialized='view') }}
-- render() because `dbt run --empty` would otherwise write its `where false` into the view for good.
with subgroups as (
    select
        district_id,
        student_id,
        {{ map_of('subgroup', 'value') }} as subgroups
    from {{ ref('fct_student_subgroup').render() }}
    where subgroup <> 'all_students'
    group by district_id, student_id
),

schools as (
    select
        attends.district_id,
        attends.student_id,
        {{ sorted_list_of('school.school_name') }} as school_names
    from {{ ref('fct_student_school').render() }} as attends
    inner join {{ ref('dim_school').render() }} as school
        on attends.district_id = school.district_id and attends.school_id = school.school_id
    group by attends.district_id, attends.student_id
)

select
    student.district_id,
    student.student_id,
    district.school_year,
    district.as_of_date,
    student.student_number,
    student.given_name,
    student.family_name,
    student.grade_level,
    coalesce(schools.school_names, {{ empty_text_list() }}) as school_names,
    coalesce(subgroups.subgroups, {{ empty_text_map() }}) as subgroups
from {{ ref('dim_student').render() }} as student
inner join {{ ref('dim_district').render() }} as district
    on student.district_id = district.district_id
left join subgroups
    on student.district_id = subgroups.district_id and student.student_id = subgroups.student_id
left join schools
    on student.district_id = schools.district_id and student.student_id = schools.student_id
where student.is_active
