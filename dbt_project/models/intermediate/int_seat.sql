-- A row of enrollments.csv that holds on as_of, by the keys of its student and class, or one that no report uses, by
-- the rule that it breaks. A row is looked up by its ids once: they are most of what this file costs.
with faulty_parents as (
    select
        district_id,
        table_name,
        row_id,
        min(rule) as rule
    from {{ ref('int_set_aside') }}
    where table_name in ('classes', 'users')
    group by district_id, table_name, row_id
),

class_ids as (
    select distinct
        district_id,
        class_id
    from {{ ref('stg_class') }}
),

classes as (
    select
        class_ids.*,
        class.class_key,
        class.first_date,
        class.last_date,
        faulty.rule
    from class_ids
    left join {{ ref('int_class') }} as class
        on class_ids.district_id = class.district_id and class_ids.class_id = class.class_id
    left join faulty_parents as faulty
        on faulty.table_name = 'classes'
        and class_ids.district_id = faulty.district_id
        and class_ids.class_id = faulty.row_id
),

user_ids as (
    select distinct
        district_id,
        user_id
    from {{ ref('stg_user') }}
),

people as (
    select
        user_ids.*,
        student.student_key,
        faulty.rule
    from user_ids
    left join {{ ref('int_student') }} as student
        on user_ids.district_id = student.district_id and user_ids.user_id = student.student_id
        and student.is_active
    left join faulty_parents as faulty
        on faulty.table_name = 'users'
        and user_ids.district_id = faulty.district_id
        and user_ids.user_id = faulty.row_id
),

found as (
    select
        seat.district_id,
        seat.file_name,
        seat.enrollment_role,
        {{ row_counts('seat.status') }} as is_counted,
        person.student_key,
        class.class_key,
        scope.as_of_date,
        -- The class's terms are for blank dates: one that is given and cannot be read sets the row aside.
        coalesce(seat.begin_date, class.first_date) as begin_date,
        coalesce(seat.end_date, class.last_date) as end_date,
        case
            when seat.fault is not null then seat.fault
            when not {{ row_counts('seat.status') }} then null
            when class.class_id is null then 'REF105'
            when person.user_id is null then 'REF106'
            when class.rule is not null then class.rule || ' of its class'
            when person.rule is not null then person.rule || ' of its user'
        end as rule
    from {{ ref('stg_enrollment') }} as seat
    inner join {{ ref('stg_run_scope') }} as scope
        on seat.district_id = scope.district_id
    left join classes as class
        on seat.district_id = class.district_id and seat.class_id = class.class_id
    left join people as person
        on seat.district_id = person.district_id and seat.user_id = person.user_id
)

select
    case when rule is null then student_key end as student_key,
    case when rule is null then class_key end as class_key,
    case when rule is null then begin_date end as begin_date,
    case when rule is null then end_date end as end_date,
    case when rule is not null then district_id end as district_id,
    case when rule is not null then file_name end as file_name,
    rule
from found
where
    rule is not null
    or (
        enrollment_role = 'student'
        and is_counted
        and student_key is not null
        and class_key is not null
        and (begin_date is null or begin_date <= as_of_date)
        and (end_date is null or as_of_date < end_date)
    )
