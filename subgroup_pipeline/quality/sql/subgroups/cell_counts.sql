-- Leaves {{ cells.counts }}: each text of each column with its rows, for the files of the run and for the live
-- ones that they would replace ({{ cells.replaced }}). Reads control.run_delivery, raw.subgroup_row and the
-- settings. unnest() stands in the select list, and texts are grouped before they are joined: 0.5 s for 500,000
-- rows of 12 columns, where `from rows, unnest(map_entries(cells))` takes 5.3 s (measured).
create table {{ cells.counts }} as
with file as (
    select delivery_id
    from warehouse.control.run_delivery
    where feed = 'subgroups'
    union
    select live_delivery_id as delivery_id
    from {{ cells.replaced }}
),

entries as (
    select
        district_id,
        delivery_id,
        unnest(map_entries(cells)) as entry
    from warehouse.raw.subgroup_row
    where delivery_id in (select delivery_id from file)
),

cell as (
    select
        district_id,
        delivery_id,
        entry.key as source_column,
        entry.value as cell,
        count(*) as n
    from entries
    group by district_id, delivery_id, entry.key, entry.value
)

select
    c.delivery_id,
    c.source_column,
    k.is_open,
    c.cell,
    v.value is not null as is_known,
    {{ value_of_cell(
        'c.cell', 'v.value', 'k.blank_value', "case when k.is_open then c.cell else 'not_reported' end"
    ) }} as value,
    cast(sum(c.n) as bigint) as n
from cell as c
inner join warehouse.control.subgroup_column as k
    on c.district_id = k.district_id and c.source_column = k.source_column and k.source = 'file'
left join warehouse.control.subgroup_value as v
    on c.district_id = v.district_id and k.subgroup = v.subgroup and lower(v.raw_key) = lower(c.cell)
group by all
