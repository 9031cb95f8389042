-- Of each side: students by subgroup and value, as the settings read the subgroup file. Texts that nobody listed
-- are counted together, without a name. Reads {{ sides }}, preview_row and the settings.
with entries as (
    select
        delivery_id,
        unnest(map_entries(cells)) as entry
    from preview_row
),

cell as (
    select
        delivery_id,
        entry.key as source_column,
        entry.value as cell,
        count(*) as n
    from entries
    group by delivery_id, entry.key, entry.value
)

select
    c.delivery_id,
    k.subgroup,
    {{ value_of_cell(
        'c.cell', 'v.value', 'k.blank_value', "case when not k.is_open then 'not_reported' end"
    ) }} as value,
    cast(sum(c.n) as bigint)
from cell as c
inner join {{ sides }} as s on c.delivery_id = s.delivery_id
inner join warehouse.control.subgroup_column as k
    on s.district_id = k.district_id and c.source_column = k.source_column and k.source = 'file'
left join warehouse.control.subgroup_value as v
    on s.district_id = v.district_id and k.subgroup = v.subgroup and lower(v.raw_key) = lower(c.cell)
group by all
