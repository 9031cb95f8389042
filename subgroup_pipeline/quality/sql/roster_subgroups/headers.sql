-- The headers that landing found, of rosters that subgroups are read from. Reads roster_column and
-- control.landed_header.
select
    r.delivery_id,
    h.file_name,
    h.header
from warehouse.control.run_delivery as r
inner join warehouse.control.landed_header as h on r.delivery_id = h.delivery_id
where r.delivery_id in (select delivery_id from roster_column)
