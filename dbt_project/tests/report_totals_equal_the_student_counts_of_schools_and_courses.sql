with schools as (
    select distinct
        district_id,
        school_id,
        total_students
    from {{ in_scope(ref('rpt_school_subgroup')) }} as report
),

courses as (
    select distinct
        district_id,
        school_id,
        course_id,
        total_students
    from {{ in_scope(ref('rpt_course_subgroup')) }} as report
)

select
    school.district_id,
    school.school_id,
    null as course_id,
    school.student_count,
    schools.total_students
from {{ in_scope(ref('dim_school')) }} as school
left join schools
    on school.district_id = schools.district_id and school.school_id = schools.school_id
where school.student_count <> coalesce(schools.total_students, 0)
union all
select
    course.district_id,
    course.school_id,
    course.course_id,
    course.student_count,
    courses.total_students
from {{ in_scope(ref('dim_course')) }} as course
left join courses
    on course.district_id = courses.district_id
    and course.school_id = courses.school_id
    and course.course_id = courses.course_id
where course.student_count <> coalesce(courses.total_students, 0)
