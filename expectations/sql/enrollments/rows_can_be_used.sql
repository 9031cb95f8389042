-- Counts rows that the models leave out: for a fault of their own cells, or because their class or person is
-- not in the roster (REF105, REF106) or is itself left out (ENR108). Of the other rows that count: whose class
-- or person is gone (ENR103), whose school is blank or not the class's (REQ101, REF109), and whose role is not
-- the person's (ENR101). Reads checks.class_of_seat and checks.user_of_seat.
{% set has_other_role -%}
(lower(e.role) = 'student' and not u.is_student or lower(e.role) = 'teacher' and not u.is_staff)
{%- endset %}
with seat as (
    select
        e.delivery_id,
        e.sourcedId,
        e.counts,
        coalesce(
            e.fault,
            case
                when not e.counts then null
                when k.sourcedId is null then 'REF105 classSourcedId'
                when u.sourcedId is null then 'REF106 userSourcedId'
                when k.is_set_aside then 'ENR108 classSourcedId'
                when u.is_set_aside then 'ENR108 userSourcedId'
            end
        ) as aside,
        case
            when k.is_gone then 'ENR103 classSourcedId'
            when u.is_gone then 'ENR103 userSourcedId'
        end as gone,
        case
            when e.schoolSourcedId is null then 'REQ101 schoolSourcedId'
            when not list_contains(k.schools, e.schoolSourcedId) then 'REF109 schoolSourcedId'
        end as school,
        case when not u.is_gone and {{ has_other_role }} then 'ENR101 role' end as role
    from {{ batch }} as e
    left join checks.class_of_seat as k on e.delivery_id = k.delivery_id and e.classSourcedId = k.sourcedId
    left join checks.user_of_seat as u on e.delivery_id = u.delivery_id and e.userSourcedId = u.sourcedId
    -- Most rows have no fault: these stand first, so that no list is made for them.
    where
        e.fault is not null
        or e.counts and (
            k.sourcedId is null or u.sourcedId is null or k.is_set_aside or u.is_set_aside or k.is_gone or u.is_gone
            or e.schoolSourcedId is null or not list_contains(k.schools, e.schoolSourcedId) or {{ has_other_role }}
        )
),

faulty as (
    select
        delivery_id,
        sourcedId,
        unnest(case when aside is not null then [aside] when counts then [gone, school, role] end) as fault
    from seat
)

{{ by_fault('faulty') }}
