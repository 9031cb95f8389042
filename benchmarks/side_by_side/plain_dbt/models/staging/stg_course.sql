select
    district_id,
    trim("sourcedId") as course_id,
    trim(title) as course_title,
    trim("courseCode") as course_code
from {{ ref('raw_courses') }}
where coalesce(lower(trim(status)), 'active') = 'active'
