select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as session_id,
    lower({{ trimmed('raw."status"') }}) as status,
    lower({{ trimmed('raw."type"') }}) as session_type,
    {{ date_of(trimmed('raw."startDate"')) }} as start_date,
    {{ date_of(trimmed('raw."endDate"')) }} as end_date,
    {{ trimmed('raw."schoolYear"') }} as school_year,
    case
        {{ key_fault('raw."sourcedId"') }}
        when lower({{ trimmed('raw."status"') }}) = 'tobedeleted' then null
        {{ date_fault('raw."startDate"', 'raw."endDate"', false, '<=') }}
    end as fault
from {{ source('raw', 'academic_sessions') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
