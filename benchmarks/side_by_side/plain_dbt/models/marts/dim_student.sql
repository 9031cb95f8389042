select
    district_id,
    user_id as student_id,
    student_number,
    given_name,
    family_name,
    grade_level,
    is_active
from {{ ref('stg_user') }}
where role = 'student'
