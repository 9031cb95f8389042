select
    settings.district_id,
    settings.subgroup,
    settings.with_subgroup
from {{ source('control', 'report_pair') }} as settings
inner join {{ ref('stg_run_scope') }} as scope
    on settings.district_id = scope.district_id
