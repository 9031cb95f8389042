-- Everyone whose role is student, once, with the number that a subgroup file is matched by.
with students as (
    select
        student.district_id,
        student.user_id as student_id,
        {{ match_key(
            'scope.match_field', 'student.user_id', 'student.identifier', 'student.username', 'student.user_ids',
            'student.metadata'
        ) }} as student_number,
        student.given_name,
        student.family_name,
        student.grade_level,
        {{ is_enabled('student.enabled_user') }} and {{ row_counts('student.status') }} as is_active,
        student.org_ids
    from {{ ref('stg_user') }} as student
    inner join {{ ref('stg_run_scope') }} as scope
        on student.district_id = scope.district_id
    where
        student.user_role = 'student' and student.user_id is not null
        and {{ not_set_aside('users', 'student', 'user_id') }}
)

select
    {{ row_key() }} as student_key,
    district_id,
    student_id,
    student_number,
    given_name,
    family_name,
    grade_level,
    is_active,
    org_ids
from students
