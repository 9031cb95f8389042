select
    raw.district_id,
    raw."sourcedId" as org_id,
    {{ trimmed('raw."status"') }} as status,
    raw."name" as org_name,
    {{ trimmed('raw."type"') }} as org_type
from {{ source('raw', 'orgs') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
