-- What a text in a column means. Closed columns: the settings, in lower case. Open ones: every text seen, as written.
with settings as (
    select
        subgroup.subgroup_key,
        subgroup.is_open,
        setting.match_text,
        setting.value
    from {{ ref('stg_subgroup_value') }} as setting
    inner join {{ ref('int_subgroup') }} as subgroup
        on setting.district_id = subgroup.district_id and setting.subgroup = subgroup.subgroup
),

seen as (
    select distinct
        subgroup.subgroup_key,
        {{ map_value('student.cells', 'subgroup.source_column') }} as cell
    from {{ ref('int_subgroup_row') }} as student
    inner join {{ ref('int_subgroup') }} as subgroup
        on student.district_id = subgroup.district_id and subgroup.is_open and not subgroup.is_in_roster
    union
    select
        subgroup.subgroup_key,
        roster_cell.cell
    from {{ ref('int_roster_cell') }} as roster_cell
    inner join {{ ref('int_subgroup') }} as subgroup
        on roster_cell.subgroup_key = subgroup.subgroup_key and subgroup.is_open
)

select
    subgroup_key,
    match_text,
    min(value) as value
from settings
where not is_open
group by subgroup_key, match_text
union all
select
    seen.subgroup_key,
    seen.cell as match_text,
    coalesce(min(settings.value), seen.cell) as value
from seen
left join settings
    on seen.subgroup_key = settings.subgroup_key and lower(seen.cell) = settings.match_text
where seen.cell is not null
group by seen.subgroup_key, seen.cell
