select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as session_id,
    lower(raw."status") as status,
    raw."title" as session_title,
    lower(raw."type") as session_type,
    {{ date_of('raw."startDate"') }} as start_date,
    {{ date_of('raw."endDate"') }} as end_date,
    raw."schoolYear" as school_year,
    {{ code_of_fault(fault_of_academic_sessions('raw')) }} as fault
from {{ source('raw', 'academic_sessions') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
