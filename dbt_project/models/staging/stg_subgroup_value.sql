select
    settings.district_id,
    settings.subgroup,
    lower(settings.raw_key) as match_text,
    settings.value,
    settings.value_label,
    settings.is_member,
    settings.display_order
from {{ source('control', 'subgroup_value') }} as settings
inner join {{ ref('stg_run_scope') }} as scope
    on settings.district_id = scope.district_id
