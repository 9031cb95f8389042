-- Of each roster: its schools, and the students of each one's classes. Reads {{ sides }}, raw.enrollments,
-- raw.classes and raw.orgs.
with seat as (
    {{ seats('(select delivery_id, roster_delivery_id as read_id from ' ~ sides ~ ')', ['delivery_id']) }}
),

student as (
    select
        delivery_id,
        school,
        count(distinct id) as n
    from seat
    group by delivery_id, school
),

named as (
    select
        s.delivery_id,
        o.sourcedId as school,
        any_value(o.name) as name
    from {{ sides }} as s
    inner join warehouse.raw.orgs as o on s.roster_delivery_id = o.delivery_id
    group by all
)

select
    student.delivery_id,
    student.school,
    coalesce(named.name, student.school),
    student.n
from student
left join named on student.delivery_id = named.delivery_id and student.school = named.school
where student.school is not null
order by all
