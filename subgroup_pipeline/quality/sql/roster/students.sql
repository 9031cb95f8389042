-- Of each roster: active students; and, to say why there are none, users, those with the role, and of these who
-- fails by enabledUser alone and by status alone. Reads control.run_delivery and raw.users.
{% set has_role = is_active_student('u.role', "'true'", "'active'") %}
select
    r.delivery_id,
    count(*) filter (where {{ is_active_student('u.role', 'u.enabledUser', 'u.status') }}),
    count(u.delivery_id),
    count(*) filter (where {{ has_role }}),
    count(*) filter (where {{ has_role }} and not {{ is_enabled('u.enabledUser') }}),
    count(*) filter (where {{ has_role }} and not {{ row_counts('u.status') }})
from warehouse.control.run_delivery as r
left join warehouse.raw.users as u on r.delivery_id = u.delivery_id
where r.feed = 'roster'
group by all
