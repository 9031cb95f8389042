-- What this build changes in the history: rows that it ends (closed_from is where they begin) and rows that it begins.
-- On a first build that is every value of every student, so keys stand for ids; ids are there for what ends alone.
with built as (
    select
        has.student_key,
        value.subgroup_key,
        has.value_key,
        has.source,
        has.is_in_file,
        has.cells
    from {{ ref('int_student_value') }} as has
    inner join {{ ref('int_subgroup_value') }} as value
        on has.value_key = value.value_key
),

held as (
    select
        cell.district_id,
        cell.student_id,
        cell.subgroup,
        cell.cells,
        cell.valid_from,
        student.student_key,
        subgroup.subgroup_key
    from {{ ref('stg_student_cell') }} as cell
    left join {{ ref('int_student') }} as student
        on cell.district_id = student.district_id and cell.student_id = student.student_id
    left join {{ ref('int_subgroup') }} as subgroup
        on cell.district_id = subgroup.district_id and cell.subgroup = subgroup.subgroup
    where cell.valid_to is null
)

select
    held.district_id,
    held.student_id,
    held.subgroup,
    held.valid_from as closed_from,
    built.student_key is not null as is_opened,
    built.student_key,
    built.value_key,
    built.source,
    built.is_in_file,
    built.cells
from built
full outer join held
    on built.student_key = held.student_key and built.subgroup_key = held.subgroup_key
where
    built.student_key is null or held.district_id is null or built.cells is distinct from held.cells
