select
    counted.district_id,
    course.school_id,
    course.course_id,
    value.subgroup,
    value.value,
    counted.band,
    session.school_year,
    scope.as_of_date,
    school.school_name,
    course.course_title,
    counted.band_order,
    counted.band_floor,
    counted.student_count,
    counted.scored_students,
    {{ share_of('counted.student_count', 'counted.scored_students') }} as student_share
from {{ ref('int_subgroup_band') }} as counted
inner join {{ ref('int_subgroup_value') }} as value
    on counted.value_key = value.value_key
inner join {{ ref('int_course') }} as course
    on counted.course_key = course.course_key
inner join {{ ref('int_school') }} as school
    on course.school_key = school.school_key
inner join {{ ref('stg_run_scope') }} as scope
    on counted.district_id = scope.district_id
inner join {{ ref('int_school_year') }} as session
    on counted.district_id = session.district_id
where counted.level = 'course'
