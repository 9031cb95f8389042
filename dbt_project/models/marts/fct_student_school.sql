select
    school.district_id,
    student.student_id,
    school.school_id
from {{ ref('int_student_school') }} as attends
inner join {{ ref('int_student') }} as student
    on attends.student_key = student.student_key
inner join {{ ref('int_school') }} as school
    on attends.school_key = school.school_key
