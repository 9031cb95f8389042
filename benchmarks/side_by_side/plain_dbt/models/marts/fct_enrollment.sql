-- Enrollments that hold on as_of; several rows of one student in one class are one.
with dated as (
    select
        enrollment.district_id,
        enrollment.user_id as student_id,
        class.school_id,
        class.course_id,
        class.class_id,
        district.as_of_date,
        coalesce(enrollment.begin_date, class.first_date) as begin_date,
        coalesce(enrollment.end_date, class.last_date) as end_date
    from {{ ref('stg_enrollment') }} as enrollment
    inner join {{ ref('dim_student') }} as student
        on enrollment.district_id = student.district_id and enrollment.user_id = student.student_id
    inner join {{ ref('int_class') }} as class
        on enrollment.district_id = class.district_id and enrollment.class_id = class.class_id
    inner join {{ ref('district') }} as district on enrollment.district_id = district.district_id
    where enrollment.role = 'student' and student.is_active
)

select
    district_id,
    student_id,
    school_id,
    course_id,
    class_id,
    case when count(begin_date) = count(*) then min(begin_date) end as begin_date,
    case when count(end_date) = count(*) then max(end_date) end as end_date
from dated
where (begin_date is null or begin_date <= as_of_date) and (end_date is null or as_of_date < end_date)
group by district_id, student_id, school_id, course_id, class_id
