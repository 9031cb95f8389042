select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as course_id,
    lower({{ trimmed('raw."status"') }}) as status,
    raw."title" as course_title,
    raw."courseCode" as course_code,
    case {{ key_fault('raw."sourcedId"') }} end as fault
from {{ source('raw', 'courses') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
