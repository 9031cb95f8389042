select
    counted.district_id,
    counted.level,
    coalesce(school.school_id, course.school_id) as school_id,
    course.course_id,
    scope.month,
    session.school_year,
    session.term,
    value.subgroup,
    value.value,
    counted.student_count,
    counted.total_students,
    counted.scored_students,
    counted.mean_score_pct,
    counted.score_gap_pct
from {{ ref('int_subgroup_count') }} as counted
inner join {{ ref('int_subgroup_value') }} as value
    on counted.value_key = value.value_key
inner join {{ ref('stg_run_scope') }} as scope
    on counted.district_id = scope.district_id
inner join {{ ref('int_school_year') }} as session
    on counted.district_id = session.district_id
left join {{ ref('int_school') }} as school
    on counted.school_key = school.school_key
left join {{ ref('int_course') }} as course
    on counted.course_key = course.course_key
union all
select
    district_id,
    level,
    school_id,
    course_id,
    month,
    school_year,
    term,
    subgroup,
    value,
    student_count,
    total_students,
    scored_students,
    mean_score_pct,
    score_gap_pct
from {{ ref('stg_month_count') }}
