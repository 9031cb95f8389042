-- Counts rows that the models leave out: for a fault of their own cells, or because their class or person is
-- not in the roster (REF105, REF106) or is itself left out (ENR108). Of the other rows that count: whose class
-- or person is gone (ENR103), whose school is blank or not the class's (REQ101, REF109), and whose role is not
-- the person's (ENR101). Most rows have nothing of all this, which hashes tell: a class that can be used with its
-- school, a person who can be used with the role. The others alone are judged, and asked for faults of their own:
-- `fault` of the batch would be made for every row. Reads checks.key_of_classes and checks.key_of_users.
{% set faults = [('fault', 'fault is not null')] %}
{% set role = "case when lower(role) in ('student', 'teacher') then lower(role) end" %}
with usable_class as (
    select hash(delivery_id, sourcedId, schoolSourcedId) as id
    from checks.key_of_classes
    where not is_set_aside and not is_gone and schoolSourcedId is not null
),

usable_person as (
    select hash(delivery_id, sourcedId, null) as id
    from checks.key_of_users
    where not is_set_aside and not is_gone
    union all
    select hash(delivery_id, sourcedId, 'student') as id
    from checks.key_of_users
    where not is_set_aside and not is_gone and is_student
    union all
    select hash(delivery_id, sourcedId, 'teacher') as id
    from checks.key_of_users
    where not is_set_aside and not is_gone and is_staff
),

suspect as (
    select
        delivery_id,
        sourcedId,
        status,
        classSourcedId,
        schoolSourcedId,
        userSourcedId,
        role,
        beginDate,
        endDate
    from {{ batch }}
    where
        counts
        and (
            hash(delivery_id, classSourcedId, schoolSourcedId) not in (select id from usable_class)
            or hash(delivery_id, userSourcedId, {{ role }}) not in (select id from usable_person)
        )
),

seat as (
    select
        e.delivery_id,
        e.sourcedId,
        {{ fault_of_enrollments('e') }} as fault,
        case
            when k.sourcedId is null then 'REF105 classSourcedId'
            when u.sourcedId is null then 'REF106 userSourcedId'
            when k.is_set_aside then 'ENR108 classSourcedId'
            when u.is_set_aside then 'ENR108 userSourcedId'
        end as aside,
        case
            when k.is_gone then 'ENR103 classSourcedId'
            when u.is_gone then 'ENR103 userSourcedId'
        end as gone,
        case
            when e.schoolSourcedId is null then 'REQ101 schoolSourcedId'
            when e.schoolSourcedId = k.schoolSourcedId then null
            else 'REF109 schoolSourcedId'
        end as school,
        case
            when u.is_gone then null
            when lower(e.role) = 'student' and not u.is_student then 'ENR101 role'
            when lower(e.role) = 'teacher' and not u.is_staff then 'ENR101 role'
        end as role
    from suspect as e
    left join checks.key_of_classes as k on e.delivery_id = k.delivery_id and e.classSourcedId = k.sourcedId
    left join checks.key_of_users as u on e.delivery_id = u.delivery_id and e.userSourcedId = u.sourcedId
),

faulty as (
    select
        delivery_id,
        sourcedId,
        unnest(case
            when fault is not null then []
            when aside is not null then [aside]
            else [gone, school, role]
        end) as fault
    from seat
)

{{ by_fault('faulty') }}
