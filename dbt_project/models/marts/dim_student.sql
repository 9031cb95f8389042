select
    district_id,
    student_id,
    student_number,
    given_name,
    family_name,
    grade_level,
    is_active
from {{ ref('int_student') }}
