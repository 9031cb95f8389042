-- Everyone whose role is student, once, with the number that a subgroup file is matched by.
with students as (
    select
        student.district_id,
        student.user_id as student_id,
        case
            when coalesce(scope.match_field, 'users.sourcedId') = 'users.sourcedId'
                then {{ trimmed('student.user_id') }}
            when scope.match_field = 'users.identifier' then {{ trimmed('student.identifier') }}
            when scope.match_field = 'users.username' then {{ trimmed('student.username') }}
            when scope.match_field like 'userIds:%'
                then {{ trimmed(user_id_of_type('student.user_ids', "substr(scope.match_field, 9)")) }}
            when scope.match_field like 'metadata.%'
                then {{ trimmed(map_value('student.metadata', "substr(scope.match_field, 10)")) }}
        end as student_number,
        student.given_name,
        student.family_name,
        student.grade_level,
        coalesce(lower(student.enabled_user), '') <> 'false' and {{ is_active_status('student.status') }} as is_active,
        student.org_ids
    from {{ ref('stg_user') }} as student
    inner join {{ ref('stg_run_scope') }} as scope
        on student.district_id = scope.district_id
    where
        student.user_role = 'student' and {{ trimmed('student.user_id') }} is not null
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
