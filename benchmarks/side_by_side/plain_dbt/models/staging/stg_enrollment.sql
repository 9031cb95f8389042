select
    district_id,
    trim("sourcedId") as enrollment_id,
    trim("classSourcedId") as class_id,
    trim("userSourcedId") as user_id,
    lower(trim(role)) as role,
    cast(trim("beginDate") as date) as begin_date,
    cast(trim("endDate") as date) as end_date
from {{ ref('raw_enrollments') }}
where coalesce(lower(trim(status)), 'active') = 'active'
