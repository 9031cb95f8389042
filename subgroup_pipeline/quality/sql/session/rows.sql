-- Rows of one table by delivery, for every delivery of its feed in this run. Reads control.run_delivery.
select
    d.delivery_id,
    count(r.delivery_id)
from warehouse.control.run_delivery as d
left join checks.{{ table }} as r on d.delivery_id = r.delivery_id
where d.feed = '{{ feed }}'
group by d.delivery_id
