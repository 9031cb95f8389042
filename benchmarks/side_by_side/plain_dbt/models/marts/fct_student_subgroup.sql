-- A row per active student and subgroup; a number that two students have is nobody's.
with active as (
    select district_id, student_id, student_number from {{ ref('dim_student') }} where is_active
),

holders as (
    select * from active
    qualify count(*) over (partition by district_id, student_number) = 1
),

told as (
    select
        holders.district_id,
        holders.student_id,
        meaning.subgroup,
        meaning.value,
        nullif(cell.raw_value, '') as raw_value
    from {{ ref('stg_subgroup_cell') }} as cell
    inner join holders on cell.district_id = holders.district_id and cell.student_number = holders.student_number
    inner join {{ ref('int_value') }} as meaning
        on cell.district_id = meaning.district_id and cell.source_column = meaning.source_column
        and cell.raw_value = meaning.raw_value
)

select
    active.district_id,
    active.student_id,
    subgroup.subgroup,
    coalesce(told.value, 'not_reported') as value,
    told.raw_value,
    'file' as source
from active
inner join {{ ref('subgroup') }} as subgroup on active.district_id = subgroup.district_id
left join told
    on active.district_id = told.district_id and active.student_id = told.student_id and subgroup.subgroup = told.subgroup
union all
select district_id, student_id, 'all_students' as subgroup, 'all' as value, null as raw_value, 'roster' as source
from active
