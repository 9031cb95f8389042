-- Rows by table and delivery, for every delivery of the feed of these tables in this run. Reads control.run_delivery.
{% for table in tables %}
{{ 'union all' if not loop.first }}
select
    '{{ table.name }}' as table_name,
    d.delivery_id,
    count(r.delivery_id)
from warehouse.control.run_delivery as d
left join warehouse.raw.{{ table.name }} as r on d.delivery_id = r.delivery_id
where d.feed = '{{ table.feed }}'
group by d.delivery_id
{% endfor %}
