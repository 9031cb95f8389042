-- Every active student has one value for every subgroup of the district; int_roster_value has those of the roster.
-- A cell that is blank, a column that the file lacks and a student who is not in the file are three different things:
-- only the first takes the column's blank value.
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
        subgroup.*,
        blank.value_key as blank_value_key,
        absent.value_key as absent_value_key
    from {{ ref('int_subgroup') }} as subgroup
    inner join {{ ref('int_subgroup_value') }} as blank
        on subgroup.subgroup_key = blank.subgroup_key and subgroup.blank_value = blank.value
    inner join {{ ref('int_subgroup_value') }} as absent
        on subgroup.subgroup_key = absent.subgroup_key and subgroup.absent_value = absent.value
    where not subgroup.is_in_roster
),

cells as (
    select
        student.student_key,
        subgroup.subgroup_key,
        case when subgroup.source_column is null then 'roster' else 'file' end as source,
        subgroup.is_open,
        subgroup.blank_value_key,
        subgroup.absent_value_key,
        file_row.student_key is not null and subgroup.source_column is not null as is_in_file,
        coalesce({{ map_has('file_row.cells', 'subgroup.source_column') }}, false) as has_cell,
        {{ map_value('file_row.cells', 'subgroup.source_column') }} as cell
    from {{ ref('int_student') }} as student
    inner join subgroups as subgroup
        on student.district_id = subgroup.district_id
    left join {{ ref('int_subgroup_row') }} as file_row
        on student.student_key = file_row.student_key
    where student.is_active
)

select
    cells.student_key,
    {{ value_of_cell(
        'cells.cell', 'texts.value_key', 'cells.blank_value_key', 'cells.absent_value_key', 'cells.has_cell'
    ) }} as value_key,
    cells.cell as raw_value,
    cells.source,
    cells.is_in_file,
    case when cells.has_cell then {{ cell_of_source("'file'", 'cells.cell') }} end as cells
from cells
left join texts
    on cells.subgroup_key = texts.subgroup_key
    and case when cells.is_open then cells.cell else lower(cells.cell) end = texts.match_text
union all
select
    student_key,
    value_key,
    raw_value,
    source,
    is_in_file,
    cells
from {{ ref('int_roster_value') }}
