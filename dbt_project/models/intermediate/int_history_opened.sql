{{ config(materialized='view') }}
-- The rows of the history that this build begins.
select
    student.district_id,
    student.student_id,
    value.subgroup,
    value.value,
    change.cells,
    scope.effective_at as valid_from,
    {{ delivery_of_value('change', 'scope') }} as delivery_id
from {{ ref('int_history_change') }} as change
inner join {{ ref('int_student') }} as student
    on change.student_key = student.student_key
inner join {{ ref('int_subgroup_value') }} as value
    on change.value_key = value.value_key
inner join {{ ref('stg_run_scope') }} as scope
    on student.district_id = scope.district_id
where change.is_opened
