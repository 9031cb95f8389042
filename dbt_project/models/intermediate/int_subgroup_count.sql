-- The counts that the reports show, once: of each district, school and course, for each value in use.
-- They are counted from the same tables as the facts. Totals are counted without the values, so that a student who has
-- no value, or two, is found out.
with counts as (
    select
        null as school_key,
        null as course_key,
        value_key,
        count(*) as student_count
    from {{ ref('int_student_value') }}
    group by value_key
    union all
    select
        attends.school_key,
        null as course_key,
        has.value_key,
        count(*) as student_count
    from {{ ref('int_student_school') }} as attends
    inner join {{ ref('int_student_value') }} as has
        on attends.student_key = has.student_key
    group by attends.school_key, has.value_key
    union all
    select
        null as school_key,
        takes.course_key,
        has.value_key,
        count(*) as student_count
    from {{ ref('int_student_course') }} as takes
    inner join {{ ref('int_student_value') }} as has
        on takes.student_key = has.student_key
    group by takes.course_key, has.value_key
),

with_members as (
    select
        counts.school_key,
        counts.course_key,
        counts.value_key,
        value.district_id,
        counts.student_count,
        cast(
            sum(case when value.is_member then counts.student_count when not value.is_member then 0 end)
                over (partition by counts.school_key, counts.course_key, value.subgroup_key)
            as bigint
        ) as member_count
    from counts
    inner join {{ ref('int_subgroup_value') }} as value
        on counts.value_key = value.value_key
),

of_districts as (
    select
        district_id,
        count(*) as total_students
    from {{ ref('int_student') }}
    where is_active
    group by district_id
),

of_schools as (
    select
        school_key,
        count(*) as total_students
    from {{ ref('int_student_school') }}
    group by school_key
),

of_courses as (
    select
        course_key,
        count(*) as total_students
    from {{ ref('int_student_course') }}
    group by course_key
)

select
    case
        when counted.course_key is not null then 'course'
        when counted.school_key is not null then 'school'
        else 'district'
    end as level,
    counted.district_id,
    counted.school_key,
    counted.course_key,
    counted.value_key,
    counted.student_count,
    coalesce(of_courses.total_students, of_schools.total_students, of_districts.total_students) as total_students,
    counted.member_count
from with_members as counted
left join of_districts
    on counted.district_id = of_districts.district_id
left join of_schools
    on counted.school_key = of_schools.school_key
left join of_courses
    on counted.course_key = of_courses.course_key
