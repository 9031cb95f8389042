select
    scope.district_id,
    landed.file_name,
    landed.header
from {{ source('control', 'landed_header') }} as landed
inner join {{ ref('stg_run_scope') }} as scope
    on landed.delivery_id = scope.roster_delivery_id
