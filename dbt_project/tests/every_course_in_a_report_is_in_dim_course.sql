with used as (
    select distinct district_id, school_id, course_id from {{ in_scope(ref('rpt_course_subgroup')) }} as report
    union
    select distinct district_id, school_id, course_id from {{ in_scope(ref('fct_enrollment')) }} as fact
    where course_id is not null
)

select
    used.district_id,
    used.school_id,
    used.course_id
from used
left join {{ in_scope(ref('dim_course')) }} as course
    on used.district_id = course.district_id
    and used.school_id = course.school_id
    and used.course_id = course.course_id
where course.course_id is null
