-- Leaves preview_key, the distinct ids of each side's subgroup file with the student of the side's roster whose
-- they are, and preview_row, the row of each such student. A row counts as in the models: its id is of one active
-- student, and no other row of the id says anything else. Reads {{ sides }}, raw.users and raw.subgroup_row.
create temp table preview_key as
with roster_key as (
    {{ roster_keys('(from ' ~ sides ~ ' where subgroup_delivery_id is not null)') }}
),

written as (
    select
        s.delivery_id,
        r.student_id as key,
        min(hash(r.cells)) = max(hash(r.cells)) as is_clear,
        any_value(r.cells) as cells
    from {{ sides }} as s
    inner join warehouse.raw.subgroup_row as r on s.subgroup_delivery_id = r.delivery_id
    where r.student_id is not null
    group by s.delivery_id, r.student_id
)

select
    w.delivery_id,
    k.first_student is not null and k.first_student = k.last_student as is_matched,
    w.is_clear,
    w.cells
from written as w
left join roster_key as k on w.delivery_id = k.delivery_id and w.key = k.key;

create temp table preview_row as
select
    delivery_id,
    cells
from preview_key
where is_matched and is_clear
