select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as user_id,
    lower({{ trimmed('raw."status"') }}) as status,
    {{ trimmed('raw."enabledUser"') }} as enabled_user,
    lower({{ trimmed('raw."role"') }}) as user_role,
    raw."orgSourcedIds" as org_ids,
    raw."username" as username,
    raw."userIds" as user_ids,
    raw."identifier" as identifier,
    raw."givenName" as given_name,
    raw."familyName" as family_name,
    raw."grades" as grade_level,
    raw.metadata,
    case
        {{ key_fault('raw."sourcedId"') }}
        when
            coalesce(lower({{ trimmed('raw."role"') }}), '')
            not in ('administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher')
            then 'VOC203'
    end as fault
from {{ source('raw', 'users') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
