-- The value of every active student for every subgroup that is read from the roster, alone or besides a subgroup file.
-- The first source that reports a value wins; where none does, the first that said anything is kept for its text.
with texts as (
    select
        text.subgroup_key,
        text.match_text,
        value.value_key
    from {{ ref('int_subgroup_text') }} as text
    inner join {{ ref('int_subgroup_value') }} as value
        on text.subgroup_key = value.subgroup_key and text.value = value.value
),

subgroups as (
    select
        subgroup.subgroup_key,
        subgroup.is_open,
        blank.value_key as blank_value_key,
        absent.value_key as absent_value_key
    from {{ ref('int_subgroup') }} as subgroup
    inner join {{ ref('int_subgroup_value') }} as blank
        on subgroup.subgroup_key = blank.subgroup_key and subgroup.blank_value = blank.value
    inner join {{ ref('int_subgroup_value') }} as absent
        on subgroup.subgroup_key = absent.subgroup_key and subgroup.absent_value = absent.value
    where subgroup.is_in_roster
),

cells as (
    select
        cell.*,
        subgroups.is_open,
        subgroups.blank_value_key,
        subgroups.absent_value_key
    from {{ ref('int_roster_cell') }} as cell
    inner join subgroups
        on cell.subgroup_key = subgroups.subgroup_key
),

said as (
    select
        cells.*,
        {{ value_of_cell(
            'cells.cell', 'texts.value_key', 'cells.blank_value_key', 'cells.absent_value_key', 'cells.has_cell'
        ) }} as value_key
    from cells
    left join texts
        on cells.subgroup_key = texts.subgroup_key
        and case when cells.is_open then cells.cell else lower(cells.cell) end = texts.match_text
),

ranked as (
    select
        said.*,
        {{ cells_of_sources(
            'said.source', 'said.cell', 'said.has_cell', 'partition by said.student_key, said.subgroup_key'
        ) }} as cells,
        row_number() over (
            partition by said.student_key, said.subgroup_key
            order by
                {{ rank_of_source('said.value_key', 'said.absent_value_key', 'said.cell', 'said.has_cell') }},
                said.precedence
        ) as place
    from said
)

select
    student_key,
    value_key,
    cell as raw_value,
    source,
    is_in_file,
    cells
from ranked
where place = 1
