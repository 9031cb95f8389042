-- Schools, classes, people and line items as the rows that name them find them: whether the models leave their rows out
-- (for a fault of their own, as one of two rows with one key, or with their school), and whether they count no
-- more.
create view checks.repeated_class as
select
    delivery_id,
    sourcedId
from checks.classes
where sourcedId is not null
group by all
having count(*) > 1;

create view checks.school as
select
    delivery_id,
    sourcedId,
    count(*) > 1 or count(fault) > 0 as is_set_aside
from checks.orgs
where sourcedId is not null
group by all
having bool_or(lower(type) = 'school' and not is_marked_gone);

create view checks.class_of_seat as
select
    c.delivery_id,
    c.sourcedId,
    bool_and(c.is_marked_gone) as is_gone,
    list(distinct c.schoolSourcedId) as schools,
    count(*) > 1 or count(c.fault) > 0 or bool_or(c.counts and coalesce(s.is_set_aside, true)) as is_set_aside
from checks.classes as c
left join checks.school as s on c.delivery_id = s.delivery_id and c.schoolSourcedId = s.sourcedId
where c.sourcedId is not null
group by all;

create view checks.user_of_seat as
select
    delivery_id,
    sourcedId,
    count(*) > 1 or count(fault) > 0 as is_set_aside,
    bool_and(is_marked_gone or {{ truth_of('enabledUser') }} is not distinct from false) as is_gone,
    bool_or(lower(role) = 'student') as is_student,
    bool_or({{ is_staff('role') }}) as is_staff
from checks.users
where sourcedId is not null
group by all;

create view checks.repeated_line_item as
select
    delivery_id,
    sourcedId
from checks.line_items
where sourcedId is not null
group by all
having count(*) > 1;

create view checks.line_item_of_result as
select
    i.delivery_id,
    i.sourcedId,
    any_value(i.classSourcedId) as classSourcedId,
    any_value({{ number_of('i.resultValueMin') }}) as lowest,
    any_value({{ number_of('i.resultValueMax') }}) as highest,
    bool_and(i.is_marked_gone or coalesce(k.is_gone, false)) as is_gone,
    count(*) > 1 or count(i.fault) > 0 or bool_or(i.counts and coalesce(k.is_set_aside, true)) as is_set_aside
from checks.line_items as i
left join checks.class_of_seat as k on i.delivery_id = k.delivery_id and i.classSourcedId = k.sourcedId
where i.sourcedId is not null
group by all;
