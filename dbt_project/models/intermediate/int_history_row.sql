{{ config(materialized='view') }}
-- The history with this build in it, and what its cells mean by the newest settings.
select
    held.district_id,
    held.student_id,
    held.subgroup,
    meaning.value,
    held.valid_from,
    case when change.closed_from is null then held.valid_to else scope.effective_at end as valid_to,
    held.delivery_id
from {{ ref('stg_student_cell') }} as held
inner join {{ ref('stg_run_scope') }} as scope
    on held.district_id = scope.district_id
inner join {{ ref('int_cell_value') }} as meaning
    on held.district_id = meaning.district_id and held.subgroup = meaning.subgroup
    and held.cells is not distinct from meaning.cells
left join {{ ref('int_history_change') }} as change
    on held.district_id = change.district_id and held.student_id = change.student_id and held.subgroup = change.subgroup
    and held.valid_from = change.closed_from
union all
select
    district_id,
    student_id,
    subgroup,
    value,
    valid_from,
    null as valid_to,
    delivery_id
from {{ ref('int_history_opened') }}
