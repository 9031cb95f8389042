-- What this build changes in the history: rows that it ends (closed_from is where they begin) and rows that it begins.
with built as (
    select
        student.district_id,
        student.student_id,
        value.subgroup,
        has.cells,
        {{ delivery_of_value('has', 'scope') }} as delivery_id
    from {{ ref('int_student_value') }} as has
    inner join {{ ref('int_student') }} as student
        on has.student_key = student.student_key
    inner join {{ ref('int_subgroup_value') }} as value
        on has.value_key = value.value_key
    inner join {{ ref('stg_run_scope') }} as scope
        on student.district_id = scope.district_id
),

held as (
    select *
    from {{ ref('stg_student_cell') }}
    where valid_to is null
)

select
    coalesce(built.district_id, held.district_id) as district_id,
    coalesce(built.student_id, held.student_id) as student_id,
    coalesce(built.subgroup, held.subgroup) as subgroup,
    held.valid_from as closed_from,
    built.district_id is not null as is_opened,
    built.cells,
    built.delivery_id
from built
full outer join held
    on built.district_id = held.district_id and built.student_id = held.student_id and built.subgroup = held.subgroup
where
    built.district_id is null or held.district_id is null or built.cells is distinct from held.cells
