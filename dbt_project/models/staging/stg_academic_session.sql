select
    raw.district_id,
    raw."sourcedId" as session_id,
    {{ trimmed('raw."status"') }} as status,
    {{ trimmed('raw."type"') }} as session_type,
    {{ date_of(trimmed('raw."startDate"')) }} as start_date,
    {{ date_of(trimmed('raw."endDate"')) }} as end_date,
    {{ trimmed('raw."schoolYear"') }} as school_year
from {{ source('raw', 'academic_sessions') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
