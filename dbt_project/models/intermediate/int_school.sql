with schools as (
    select
        district_id,
        org_id as school_id,
        org_name as school_name
    from {{ ref('stg_org') }}
    where org_type = 'school' and org_id is not null and {{ is_kept('status') }}
)

select
    {{ row_key() }} as school_key,
    district_id,
    school_id,
    school_name
from ({{ first_of('schools', ['district_id', 'school_id'], ['school_name']) }}) as once
