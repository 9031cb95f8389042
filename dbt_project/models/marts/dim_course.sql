with students as (
    select
        course_key,
        count(*) as student_count
    from {{ ref('int_student_course') }}
    group by course_key
)

select
    course.district_id,
    course.school_id,
    course.course_id,
    course.course_title,
    course.course_code,
    coalesce(students.student_count, 0) as student_count
from {{ ref('int_course') }} as course
left join students
    on course.course_key = students.course_key
