select
    district_id,
    trim("sourcedId") as user_id,
    lower(trim(role)) as role,
    trim(identifier) as student_number,
    trim("givenName") as given_name,
    trim("familyName") as family_name,
    trim(grades) as grade_level,
    trim("orgSourcedIds") as org_ids,
    coalesce(lower(trim("enabledUser")), 'true') <> 'false'
    and coalesce(lower(trim(status)), 'active') = 'active' as is_active
from {{ ref('raw_users') }}
