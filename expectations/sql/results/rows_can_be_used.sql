-- Counts rows that the models leave out: for a fault of their own cells, because their line item or student is not
-- in the roster (GRD621, GRD622), is no student (GRD623) or is itself left out (GRD631), or because another row
-- gives the student another score (GRD626). Of the other rows that are fully graded: whose line item or student is
-- gone (GRD630); else those that stand more than once (GRD627), whose score lies beyond the points of the line
-- item (GRD628), and whose student is not in the class (GRD629). Reads checks.line_item_of_result,
-- checks.user_of_seat and checks.enrollments.
{% set score = number_of('score') %}
with graded as (
    select
        delivery_id,
        lineItemSourcedId,
        studentSourcedId,
        {{ score }} as points
    from {{ batch }}
    where counts and fault is null and {{ is_fully_graded('scoreStatus') }}
),

-- What stands once, as most does, is found by its hash alone.
repeated as (
    select hash(delivery_id, lineItemSourcedId, studentSourcedId) as pair_hash
    from graded
    group by all
    having count(*) > 1
),

twin as (
    select
        delivery_id,
        lineItemSourcedId,
        studentSourcedId,
        min(points) < max(points) as is_contradicted
    from graded
    where
        lineItemSourcedId is not null and studentSourcedId is not null
        and hash(delivery_id, lineItemSourcedId, studentSourcedId) in (select pair_hash from repeated)
    group by delivery_id, lineItemSourcedId, studentSourcedId
    having count(*) > 1
),

seat as (
    select distinct
        delivery_id,
        classSourcedId,
        userSourcedId
    from checks.enrollments
    where counts and lower(role) = 'student'
),

judged as (
    select
        r.delivery_id,
        r.sourcedId,
        coalesce(
            r.fault,
            case
                when not r.counts then null
                when i.sourcedId is null then 'GRD621 lineItemSourcedId'
                when u.sourcedId is null then 'GRD622 studentSourcedId'
                when u.is_set_aside then 'GRD631 studentSourcedId'
                when u.is_student is not true then 'GRD623 studentSourcedId'
                when i.is_set_aside then 'GRD631 lineItemSourcedId'
                when {{ is_fully_graded('r.scoreStatus') }} and t.is_contradicted then 'GRD626 score'
            end
        ) as aside,
        case
            when not (r.counts and {{ is_fully_graded('r.scoreStatus') }}) then []
            when i.is_gone then ['GRD630 lineItemSourcedId']
            when u.is_gone then ['GRD630 studentSourcedId']
            else [
                case when t.delivery_id is not null then 'GRD627 score' end,
                case when {{ number_of('r.score') }} not between i.lowest and i.highest then 'GRD628 score' end,
                case when s.delivery_id is null then 'GRD629 studentSourcedId' end
            ]
        end as said
    from {{ batch }} as r
    left join checks.line_item_of_result as i on r.delivery_id = i.delivery_id and r.lineItemSourcedId = i.sourcedId
    left join checks.user_of_seat as u on r.delivery_id = u.delivery_id and r.studentSourcedId = u.sourcedId
    left join twin as t
        on
        r.delivery_id = t.delivery_id and r.lineItemSourcedId = t.lineItemSourcedId
        and r.studentSourcedId = t.studentSourcedId
    left join seat as s
        on
        r.delivery_id = s.delivery_id and i.classSourcedId = s.classSourcedId
        and r.studentSourcedId = s.userSourcedId
    -- Most rows have no fault: these stand first, so that no list is made for them.
    where
        r.fault is not null
        or r.counts and (
            i.sourcedId is null or u.sourcedId is null or u.is_student is not true or i.is_set_aside or u.is_set_aside
            or i.is_gone or u.is_gone or t.delivery_id is not null or s.delivery_id is null
            or {{ number_of('r.score') }} not between i.lowest and i.highest
        )
),

faulty as (
    select
        delivery_id,
        sourcedId,
        unnest(case when aside is not null then [aside] else said end) as fault
    from judged
)

{{ by_fault('faulty') }}
