-- Classes that count, with the dates that their terms give to enrollments that have none.
-- A class of a school that the roster does not have cannot count anywhere.
with once as (
    select
        class.district_id,
        class.class_id,
        school.school_id,
        school.school_key,
        class.course_id,
        class.session_ids
    from {{ ref('stg_class') }} as class
    inner join {{ ref('int_school') }} as school
        on class.district_id = school.district_id and class.school_id = school.school_id
    where
        class.class_id is not null and {{ row_counts('class.status') }}
        and {{ not_set_aside('classes', 'class', 'class_id') }}
),

members as (
    select
        district_id,
        class_id,
        {{ members_of('session_ids') }} as member
    from once
),

terms as (
    select
        members.district_id,
        members.class_id,
        min(session.start_date) as first_date,
        max(session.end_date) as last_date
    from members
    inner join {{ ref('stg_academic_session') }} as session
        on members.district_id = session.district_id
        and {{ trimmed('members.member') }} = session.session_id
        and {{ row_counts('session.status') }}
        and {{ not_set_aside('academic_sessions', 'session', 'session_id') }}
    group by members.district_id, members.class_id
)

select
    {{ row_key() }} as class_key,
    once.district_id,
    once.class_id,
    once.school_id,
    once.course_id,
    once.school_key,
    case
        when once.course_id is not null
            then cast(dense_rank() over (order by once.school_key, once.course_id) as integer)
    end as course_key,
    terms.first_date,
    terms.last_date
from once
left join terms
    on once.district_id = terms.district_id and once.class_id = terms.class_id
