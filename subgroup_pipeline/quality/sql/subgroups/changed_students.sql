-- Of each file that would replace a live one, students by id: new, with other cells, and gone. Cells stand in
-- the order of the settings, whatever the header's is. Reads {{ cells.replaced }} and raw.subgroup_row.
{% macro side(delivery) -%}
    select
        l.delivery_id,
        hash(r.student_id) as id,
        min(hash(r.cells)) as content
    from {{ cells.replaced }} as l
    inner join warehouse.raw.subgroup_row as r on l.{{ delivery }} = r.delivery_id
    where r.student_id is not null
    group by all
{%- endmacro %}
with was as (
    {{ side('live_delivery_id') }}
),

now as (
    {{ side('delivery_id') }}
)

select
    delivery_id,
    count(*) filter (where was.id is null),
    count(*) filter (where was.content <> now.content),
    count(*) filter (where now.id is null)
from was
full join now using (delivery_id, id)
group by all
