-- Of each roster that would replace another one, records of one kind: before, now, gone, new, and with other cells.
-- Reads control.run_delivery and raw.{{ table }}. `who` is active students, staff or every row that counts.
{% set counts = {
    'students': is_active_student('x.role', 'x.enabledUser', 'x.status'),
    'staff': is_staff('x.role') ~ ' and ' ~ row_counts('x.status'),
    'rows': row_counts('x.status'),
}[who] %}
with {{ both_rosters(table, 'hash(x.' ~ cells | join(', x.') ~ ') as content', counts) }}

select
    delivery_id,
    count(was.id),
    count(now.id),
    count(*) filter (where now.id is null),
    count(*) filter (where was.id is null),
    count(*) filter (where was.content <> now.content)
from was
full join now using (delivery_id, id)
group by all
