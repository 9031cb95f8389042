select
    school.district_id,
    school.school_id,
    school.school_name,
    count(student.student_key) as student_count
from {{ ref('int_school') }} as school
left join {{ ref('int_student_school') }} as student
    on school.school_key = student.school_key
group by school.district_id, school.school_id, school.school_name
