-- The schools a student counts in: of the classes they sit in on as_of; without any, the schools among their orgs.
with enrolled as (
    select distinct student_key
    from {{ ref('int_enrollment') }}
),

members as (
    select
        student.district_id,
        student.student_key,
        {{ members_of('student.org_ids') }} as member
    from {{ ref('int_student') }} as student
    left join enrolled
        on student.student_key = enrolled.student_key
    where student.is_active and enrolled.student_key is null
)

select distinct
    enrollment.student_key,
    class.school_key
from {{ ref('int_enrollment') }} as enrollment
inner join {{ ref('int_class') }} as class
    on enrollment.class_key = class.class_key
union all
select distinct
    members.student_key,
    school.school_key
from members
inner join {{ ref('int_school') }} as school
    on members.district_id = school.district_id and {{ trimmed('members.member') }} = school.school_id
