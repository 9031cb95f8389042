-- The columns that a subgroup of the roster is read from, in order of precedence; a subgroup file's may be among them.
-- is_in_header: demographics.csv has the columns that it needs. One that is missing is not blank, it says nothing.
with places as (
    select
        subgroup.subgroup_key,
        subgroup.district_id,
        setting.source,
        setting.precedence,
        {{ cell_key('setting.source', 'setting.source_column') }} as cell_key
    from {{ ref('int_subgroup') }} as subgroup
    inner join {{ ref('stg_subgroup_column') }} as setting
        on subgroup.district_id = setting.district_id and subgroup.subgroup = setting.subgroup
    where subgroup.is_in_roster
),

headers as (
    select
        places.subgroup_key,
        count(distinct landed.header) as found
    from places
    inner join {{ ref('stg_roster_header') }} as landed
        on places.district_id = landed.district_id
        and places.source = 'demographics'
        and landed.file_name = 'demographics.csv'
        and (
            landed.header = lower(places.cell_key)
            or (
                places.cell_key = 'race_ethnicity'
                and landed.header in (
                    'hispanicorlatinoethnicity', 'americanindianoralaskanative', 'asian', 'blackorafricanamerican',
                    'nativehawaiianorotherpacificislander', 'white'
                )
            )
        )
    group by places.subgroup_key
)

select
    places.*,
    coalesce(headers.found, 0) = case when places.cell_key = 'race_ethnicity' then 6 else 1 end as is_in_header
from places
left join headers
    on places.subgroup_key = headers.subgroup_key
