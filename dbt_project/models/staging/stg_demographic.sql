select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as user_id,
    lower(raw."status") as status,
    {{ demographic_columns('raw."{file}" as {column}') }},
    raw.metadata,
    {{ code_of_fault(fault_of_demographics('raw')) }} as fault
from {{ source('raw', 'demographics') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
