select
    {{ row_key() }} as school_key,
    org.district_id,
    org.org_id as school_id,
    org.org_name as school_name
from {{ ref('stg_org') }} as org
where
    org.org_type = 'school' and org.org_id is not null and {{ row_counts('org.status') }}
    and {{ not_set_aside('orgs', 'org', 'org_id') }}
