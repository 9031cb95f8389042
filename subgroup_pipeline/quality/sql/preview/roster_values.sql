-- The same for subgroups inside the roster, from the texts that its guards counted. The federal roll-up of the race
-- flags is not among them: there the flags are counted and not the students. Reads {{ sides }}, {{ cells.counts }}
-- and the settings.
select
    s.delivery_id,
    k.subgroup,
    case
        when c.cell is null then k.blank_value
        when c.is_known or not c.is_open then c.value
    end as value,
    cast(sum(c.n) as bigint)
from {{ sides }} as s
inner join {{ cells.counts }} as c on s.roster_delivery_id = c.delivery_id
inner join warehouse.control.subgroup_column as k
    on s.district_id = k.district_id and c.source_column = k.source_column and k.source <> 'file'
where c.source_column <> '{{ roll_up }}'
group by all
