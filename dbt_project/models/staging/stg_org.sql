select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as org_id,
    lower(raw."status") as status,
    raw."name" as org_name,
    lower(raw."type") as org_type,
    {{ code_of_fault(fault_of_orgs('raw')) }} as fault
from {{ source('raw', 'orgs') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
