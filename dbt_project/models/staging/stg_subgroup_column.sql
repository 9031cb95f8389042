select
    settings.district_id,
    settings.subgroup,
    settings.subgroup_label,
    settings.source,
    settings.source_column,
    settings.is_open,
    settings.blank_value,
    settings.sensitivity,
    settings.is_on_student_pages,
    settings.essa_group,
    settings.subgroup_order,
    settings.display_order,
    settings.precedence
from {{ source('control', 'subgroup_column') }} as settings
inner join {{ ref('stg_run_scope') }} as scope
    on settings.district_id = scope.district_id
