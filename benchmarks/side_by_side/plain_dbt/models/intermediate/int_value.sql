-- What a cell of each column can mean.
select
    subgroup.district_id,
    subgroup.source_column,
    subgroup.subgroup,
    cell.raw_value,
    case
        when cell.raw_value = '' then subgroup.blank_value
        else coalesce(known.value, case when subgroup.is_open then cell.raw_value end, 'not_reported')
    end as value
from (select distinct district_id, source_column, raw_value from {{ ref('stg_subgroup_cell') }}) as cell
inner join {{ ref('subgroup') }} as subgroup
    on cell.district_id = subgroup.district_id and cell.source_column = subgroup.source_column
left join {{ ref('subgroup_value') }} as known
    on subgroup.district_id = known.district_id and subgroup.subgroup = known.subgroup and not subgroup.is_open
    and lower(cell.raw_value) = lower(known.written)
