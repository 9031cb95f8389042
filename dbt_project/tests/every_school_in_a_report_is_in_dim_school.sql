with used as (
    select distinct district_id, school_id from {{ in_scope(ref('rpt_school_subgroup')) }} as report
    union
    select distinct district_id, school_id from {{ in_scope(ref('rpt_course_subgroup')) }} as report
    union
    select distinct district_id, school_id from {{ in_scope(ref('fct_student_school')) }} as fact
    union
    select distinct district_id, school_id from {{ in_scope(ref('fct_enrollment')) }} as fact
)

select
    used.district_id,
    used.school_id
from used
left join {{ in_scope(ref('dim_school')) }} as school
    on used.district_id = school.district_id and used.school_id = school.school_id
where school.school_id is null
