-- Of each roster that would replace another one, schools that lost more than {{ floor }} students: students
-- before, and gone. The school is that of the class, whether or not the enrollment holds today. Reads
-- control.run_delivery, raw.enrollments and raw.classes.
with seat as (
    select
        r.delivery_id,
        x.delivery_id <> r.delivery_id as is_before,
        c.schoolSourcedId as school,
        hash(x.userSourcedId) as id
    from warehouse.control.run_delivery as r
    inner join warehouse.raw.enrollments as x on x.delivery_id in (r.delivery_id, r.roster_delivery_id)
    inner join warehouse.raw.classes as c on x.delivery_id = c.delivery_id and x.classSourcedId = c.sourcedId
    where
        r.feed = 'roster' and r.roster_delivery_id is not null
        and lower(x.role) = 'student' and {{ row_counts('x.status') }}
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
