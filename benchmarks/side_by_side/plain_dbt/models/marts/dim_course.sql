select
    taught.district_id,
    taught.school_id,
    taught.course_id,
    course.course_title,
    course.course_code,
    count(distinct seat.student_id) as student_count
from (select distinct district_id, school_id, course_id from {{ ref('int_class') }} where course_id is not null) as taught
left join {{ ref('stg_course') }} as course
    on taught.district_id = course.district_id and taught.course_id = course.course_id
left join {{ ref('fct_enrollment') }} as seat
    on taught.district_id = seat.district_id and taught.school_id = seat.school_id and taught.course_id = seat.course_id
group by all
