-- The history as it was before this build: what this build writes anew is not there yet.
select
    kept.district_id,
    kept.student_id,
    kept.subgroup,
    kept.cells,
    kept.valid_from,
    case when kept.valid_to < scope.history_from then kept.valid_to end as valid_to,
    kept.delivery_id
from {{ source('history', 'student_cell') }} as kept
inner join {{ ref('stg_run_scope') }} as scope
    on kept.district_id = scope.district_id and kept.valid_from < scope.history_from
