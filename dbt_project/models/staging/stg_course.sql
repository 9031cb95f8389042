select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as course_id,
    lower(raw."status") as status,
    raw."title" as course_title,
    raw."courseCode" as course_code,
    {{ code_of_fault(fault_of_courses('raw')) }} as fault
from {{ source('raw', 'courses') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
