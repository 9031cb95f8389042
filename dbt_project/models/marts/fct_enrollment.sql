select
    class.district_id,
    student.student_id,
    class.school_id,
    class.course_id,
    class.class_id,
    enrollment.begin_date,
    enrollment.end_date
from {{ ref('int_enrollment') }} as enrollment
inner join {{ ref('int_student') }} as student
    on enrollment.student_key = student.student_key
inner join {{ ref('int_class') }} as class
    on enrollment.class_key = class.class_key
