select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as class_id,
    lower(raw."status") as status,
    raw."courseSourcedId" as course_id,
    raw."schoolSourcedId" as school_id,
    raw."termSourcedIds" as session_ids,
    {{ code_of_fault(fault_of_classes('raw')) }} as fault
from {{ source('raw', 'classes') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
