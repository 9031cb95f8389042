-- Of each file that would replace a live one: students of that one who are still in the roster, and those of
-- them whom the new file leaves out. Reads {{ cells.replaced }}, raw.subgroup_row, checks.known_key,
-- checks.unmet_key and checks.likely_key.
with was as (
    select distinct
        l.delivery_id,
        s.student_id as key
    from {{ cells.replaced }} as l
    inner join warehouse.raw.subgroup_row as s on l.live_delivery_id = s.delivery_id
),

likely as (
    select distinct
        delivery_id,
        student_key
    from checks.likely_key
)

select
    was.delivery_id,
    count(*),
    count(u.key) filter (where l.student_key is null)
from was
inner join checks.known_key as k
    on was.delivery_id = k.delivery_id and was.key = k.key and k.first_student = k.last_student
left join checks.unmet_key as u on was.delivery_id = u.delivery_id and was.key = u.key
left join likely as l on was.delivery_id = l.delivery_id and was.key = l.student_key
group by all
