-- Of each roster that would replace another one, records of one file that both have and that became older or
-- newer by their own dateLastModified. Rows taken over by a file of changes are not asked. Reads
-- control.run_delivery and raw.{{ table }}.
with {{ both_rosters(
    table, 'x.dateLastModified as content',
    "x.dateLastModified like '____-__-__T%' and x.file_name <> '" ~ carried_over ~ "'"
) }}

select
    delivery_id,
    count(*) filter (where now.id is not null and now.content < was.content),
    count(*) filter (where now.content > was.content)
from was
inner join now using (delivery_id, id)
group by all
