select
    district_id,
    trim("sourcedId") as class_id,
    trim("courseSourcedId") as course_id,
    trim("schoolSourcedId") as school_id,
    trim("termSourcedIds") as term_ids
from {{ ref('raw_classes') }}
where coalesce(lower(trim(status)), 'active') = 'active'
