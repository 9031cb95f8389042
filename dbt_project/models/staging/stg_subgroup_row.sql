select
    raw.district_id,
    raw.file_name,
    raw.student_id as student_number,
    raw.cells
from {{ source('raw', 'subgroup_row') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.subgroup_delivery_id
