select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as user_id,
    lower(raw."status") as status,
    raw."enabledUser" as enabled_user,
    lower(raw."role") as user_role,
    raw."orgSourcedIds" as org_ids,
    raw."username" as username,
    raw."userIds" as user_ids,
    raw."identifier" as identifier,
    raw."givenName" as given_name,
    raw."familyName" as family_name,
    raw."grades" as grade_level,
    raw.metadata,
    {{ code_of_fault(fault_of_users('raw')) }} as fault
from {{ source('raw', 'users') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
