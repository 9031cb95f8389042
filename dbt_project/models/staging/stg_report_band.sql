select
    settings.district_id,
    settings.band,
    settings.band_order,
    settings.band_floor
from {{ source('control', 'report_band') }} as settings
inner join {{ ref('stg_run_scope') }} as scope
    on settings.district_id = scope.district_id
