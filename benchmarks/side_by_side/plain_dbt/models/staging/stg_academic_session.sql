select
    district_id,
    trim("sourcedId") as session_id,
    trim(type) as session_type,
    cast(trim("startDate") as date) as start_date,
    cast(trim("endDate") as date) as end_date,
    trim("schoolYear") as school_year
from {{ ref('raw_academic_sessions') }}
where coalesce(lower(trim(status)), 'active') = 'active'
