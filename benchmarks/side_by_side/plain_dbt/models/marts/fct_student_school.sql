-- The schools of a student's classes; of one without a class, the schools among the student's organisations.
select distinct district_id, student_id, school_id from {{ ref('fct_enrollment') }}
union all
select distinct
    listed.district_id,
    listed.student_id,
    school.org_id as school_id
from (
    select
        student.district_id,
        student.user_id as student_id,
        trim(unnest(string_split(student.org_ids, ','))) as org_id
    from {{ ref('stg_user') }} as student
    where
        student.role = 'student' and student.is_active
        and not exists (
            select 1 from {{ ref('fct_enrollment') }} as seat
            where seat.district_id = student.district_id and seat.student_id = student.user_id
        )
) as listed
inner join {{ ref('stg_org') }} as school
    on listed.district_id = school.district_id and listed.org_id = school.org_id and school.org_type = 'school'
