-- Leaves roster_column: each column of the settings that is read from the roster, with the headers that it is
-- read from (the roll-up has seven), for the rosters of the run. Reads control.run_delivery and
-- control.subgroup_column.
create temp table roster_column as
select
    r.delivery_id,
    r.district_id,
    k.subgroup,
    k.source,
    k.source_column,
    k.is_open,
    unnest(
        case
            when k.source_column = '{{ roll_up }}' then ['{{ flags | join("', '") }}']
            else [{{ cell_key('k.source', 'k.source_column') }}]
        end
    ) as header
from warehouse.control.run_delivery as r
inner join warehouse.control.subgroup_column as k on r.district_id = k.district_id
where r.feed = 'roster' and k.source <> 'file'
