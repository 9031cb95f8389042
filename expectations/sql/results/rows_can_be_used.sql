-- Counts rows that the models leave out: for a fault of their own cells, because their line item or student is not
-- in the roster (GRD621, GRD622), is no student (GRD623) or is itself left out (GRD631), or because another row
-- gives the student another score (GRD626). Of the other rows that are fully graded: whose line item or student is
-- gone (GRD630); else those that stand more than once (GRD627), whose score lies beyond the points of the line
-- item (GRD628), and whose student is not in the class (GRD629). Most rows have nothing of all this, which hashes
-- tell; the others alone are judged, and asked for faults of their own. Reads checks.key_of_line_items,
-- checks.key_of_users and checks.enrollments.
{% set faults = [('fault', 'fault is not null')] %}
{% set is_student_seat = "counts and lower(role) = 'student'" %}
with usable_item as (
    select
        hash(delivery_id, sourcedId) as id,
        classSourcedId,
        lowest,
        highest
    from checks.key_of_line_items
    where not is_set_aside and not is_gone
),

usable_student as (
    select hash(delivery_id, sourcedId) as id
    from checks.key_of_users
    where not is_set_aside and not is_gone and is_student
),

graded as (
    select hash(delivery_id, lineItemSourcedId, studentSourcedId) as pair
    from {{ batch }}
    where counts and {{ is_fully_graded('scoreStatus') }} and {{ number_of('score') }} is not null
),

repeated as (
    select pair
    from graded
    group by pair
    having count(*) > 1
),

suspect as materialized (
    select
        r.delivery_id,
        r.sourcedId,
        r.status,
        r.lineItemSourcedId,
        r.studentSourcedId,
        r.scoreStatus,
        r.score
    from {{ batch }} as r
    left join usable_item as i on hash(r.delivery_id, r.lineItemSourcedId) = i.id
    where
        r.counts
        and (
            i.id is null
            or hash(r.delivery_id, r.studentSourcedId) not in (select id from usable_student)
            or {{ is_fully_graded('r.scoreStatus') }} and (
                {{ number_of('r.score') }} not between i.lowest and i.highest
                or hash(r.delivery_id, i.classSourcedId, r.studentSourcedId) not in (
                    select hash(delivery_id, classSourcedId, userSourcedId)
                    from checks.enrollments
                    where {{ is_student_seat }}
                )
                or hash(r.delivery_id, r.lineItemSourcedId, r.studentSourcedId) in (select pair from repeated)
            )
        )
),

result as (
    select
        *,
        {{ fault_of_results('r') }} as fault,
        {{ is_fully_graded('scoreStatus') }} as is_graded,
        {{ number_of('score') }} as points
    from suspect as r
),

twin as (
    select
        delivery_id,
        lineItemSourcedId,
        studentSourcedId,
        min(points) < max(points) as is_contradicted
    from result
    where fault is null and is_graded and lineItemSourcedId is not null and studentSourcedId is not null
    group by delivery_id, lineItemSourcedId, studentSourcedId
    having count(*) > 1
),

seat as (
    select distinct
        delivery_id,
        classSourcedId,
        userSourcedId
    from checks.enrollments
    where
        {{ is_student_seat }}
        and hash(delivery_id, userSourcedId) in (select hash(delivery_id, studentSourcedId) from suspect)
),

judged as (
    select
        r.delivery_id,
        r.sourcedId,
        r.fault,
        case
            when i.sourcedId is null then 'GRD621 lineItemSourcedId'
            when u.sourcedId is null then 'GRD622 studentSourcedId'
            when u.is_set_aside then 'GRD631 studentSourcedId'
            when u.is_student is not true then 'GRD623 studentSourcedId'
            when i.is_set_aside then 'GRD631 lineItemSourcedId'
            when r.is_graded and t.is_contradicted then 'GRD626 score'
        end as aside,
        case
            when not r.is_graded then []
            when i.is_gone then ['GRD630 lineItemSourcedId']
            when u.is_gone then ['GRD630 studentSourcedId']
            else [
                case when t.delivery_id is not null then 'GRD627 score' end,
                case when r.points not between i.lowest and i.highest then 'GRD628 score' end,
                case when s.delivery_id is null then 'GRD629 studentSourcedId' end
            ]
        end as said
    from result as r
    left join checks.key_of_line_items as i
        on r.delivery_id = i.delivery_id and r.lineItemSourcedId = i.sourcedId
    left join checks.key_of_users as u on r.delivery_id = u.delivery_id and r.studentSourcedId = u.sourcedId
    left join twin as t
        on
        r.delivery_id = t.delivery_id and r.lineItemSourcedId = t.lineItemSourcedId
        and r.studentSourcedId = t.studentSourcedId
    left join seat as s
        on
        r.delivery_id = s.delivery_id and i.classSourcedId = s.classSourcedId
        and r.studentSourcedId = s.userSourcedId
),

faulty as (
    select
        delivery_id,
        sourcedId,
        unnest(case when fault is not null then [] when aside is not null then [aside] else said end) as fault
    from judged
)

{{ by_fault('faulty') }}
