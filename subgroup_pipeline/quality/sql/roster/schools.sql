-- Of each roster that would replace another one, schools that lost more than {{ floor }} students: students
-- before, and gone. The school is that of the class, whether or not the enrollment holds today. Reads
-- control.run_delivery, raw.enrollments and raw.classes.
with pair as (
    select
        delivery_id,
        delivery_id as read_id,
        false as is_before
    from warehouse.control.run_delivery
    where feed = 'roster' and roster_delivery_id is not null
    union all
    select
        delivery_id,
        roster_delivery_id as read_id,
        true as is_before
    from warehouse.control.run_delivery
    where feed = 'roster' and roster_delivery_id is not null
),

seat as (
    {{ seats('pair', ['delivery_id', 'is_before']) }}
),

student as (
    select
        delivery_id,
        school,
        id,
        bool_or(is_before) as was_there,
        bool_or(not is_before) as is_there
    from seat
    group by all
)

select
    delivery_id,
    count(*) filter (where was_there),
    count(*) filter (where was_there and not is_there)
from student
group by delivery_id, school
having count(*) filter (where was_there and not is_there) > {{ floor }}
