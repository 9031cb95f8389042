-- The history of cells with this build in it.
select
    held.district_id,
    held.student_id,
    held.subgroup,
    held.cells,
    held.valid_from,
    case when change.closed_from is null then held.valid_to else scope.effective_at end as valid_to,
    held.delivery_id
from {{ ref('stg_student_cell') }} as held
inner join {{ ref('stg_run_scope') }} as scope
    on held.district_id = scope.district_id
left join {{ ref('int_history_change') }} as change
    on held.district_id = change.district_id and held.student_id = change.student_id and held.subgroup = change.subgroup
    and held.valid_from = change.closed_from
union all
select
    change.district_id,
    change.student_id,
    change.subgroup,
    change.cells,
    scope.effective_at as valid_from,
    null as valid_to,
    change.delivery_id
from {{ ref('int_history_change') }} as change
inner join {{ ref('stg_run_scope') }} as scope
    on change.district_id = scope.district_id
where change.is_opened
