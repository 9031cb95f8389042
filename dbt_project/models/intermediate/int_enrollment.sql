-- Who sits in which class on as_of. Several rows of one student in one class are one, from the first begin to the last
-- end; an open end wins.
with given as (
    select
        student.student_key,
        class.class_key,
        scope.as_of_date,
        coalesce(enrollment.begin_date, class.first_date) as begin_date,
        coalesce(enrollment.end_date, class.last_date) as end_date
    from {{ ref('stg_enrollment') }} as enrollment
    inner join {{ ref('int_student') }} as student
        on enrollment.district_id = student.district_id and enrollment.user_id = student.student_id
    inner join {{ ref('int_class') }} as class
        on enrollment.district_id = class.district_id and enrollment.class_id = class.class_id
    inner join {{ ref('stg_run_scope') }} as scope
        on enrollment.district_id = scope.district_id
    where
        enrollment.enrollment_role = 'student'
        and {{ row_counts('enrollment.status') }}
        and student.is_active
        -- A date that is given and cannot be read sets the row aside; the class's terms are for blank dates only.
        and enrollment.fault is null
)

select
    student_key,
    class_key,
    case when count(begin_date) = count(*) then min(begin_date) end as begin_date,
    case when count(end_date) = count(*) then max(end_date) end as end_date
from given
where
    (begin_date is null or begin_date <= as_of_date)
    and (end_date is null or as_of_date < end_date)
group by student_key, class_key
