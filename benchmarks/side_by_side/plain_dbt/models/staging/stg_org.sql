select
    district_id,
    trim("sourcedId") as org_id,
    trim(type) as org_type,
    trim(name) as org_name
from {{ ref('raw_orgs') }}
where coalesce(lower(trim(status)), 'active') = 'active'
