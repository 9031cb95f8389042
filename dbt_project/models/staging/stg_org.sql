select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as org_id,
    lower({{ trimmed('raw."status"') }}) as status,
    raw."name" as org_name,
    lower({{ trimmed('raw."type"') }}) as org_type,
    case
        {{ key_fault('raw."sourcedId"') }}
        when
            coalesce(lower({{ trimmed('raw."type"') }}), '')
            not in ('department', 'school', 'district', 'local', 'state', 'national')
            then 'VOC203'
    end as fault
from {{ source('raw', 'orgs') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
