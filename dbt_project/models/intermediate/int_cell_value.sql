-- What the cells of the history before this build mean by the newest settings. They are read as int_student_value and
-- int_roster_value read the cells of today, once for each text and not for each student.
with cells as (
    select distinct
        district_id,
        subgroup,
        cells
    from {{ ref('stg_student_cell') }}
),

parts as (
    select
        cells.*,
        setting.precedence,
        subgroup.is_open,
        subgroup.blank_value,
        subgroup.absent_value,
        {{ text_of_source('cells.cells', 'setting.source') }} as text
    from cells
    inner join {{ ref('int_subgroup') }} as subgroup
        on cells.district_id = subgroup.district_id and cells.subgroup = subgroup.subgroup
    inner join {{ ref('stg_subgroup_column') }} as setting
        on cells.district_id = setting.district_id and cells.subgroup = setting.subgroup
),

known as (
    select
        parts.*,
        parts.text is not null as has_cell,
        nullif(parts.text, '') as cell,
        case when parts.is_open then coalesce(meaning.value, nullif(parts.text, '')) else meaning.value end as known
    from parts
    left join {{ ref('stg_subgroup_value') }} as meaning
        on parts.district_id = meaning.district_id and parts.subgroup = meaning.subgroup
        and lower(parts.text) = meaning.match_text
),

said as (
    select
        known.*,
        {{ value_of_cell(
            'known.cell', 'known.known', 'known.blank_value', 'known.absent_value', 'known.has_cell'
        ) }} as value
    from known
),

ranked as (
    select
        said.*,
        row_number() over (
            partition by said.district_id, said.subgroup, said.cells
            order by
                {{ rank_of_source('said.value', 'said.absent_value', 'said.cell', 'said.has_cell') }},
                said.precedence
        ) as place
    from said
)

select
    district_id,
    subgroup,
    cells,
    value
from ranked
where place = 1
union all
select
    district_id,
    'all_students' as subgroup,
    null as cells,
    'all' as value
from {{ ref('stg_run_scope') }}
