select
    counted.district_id,
    school.school_id,
    value.subgroup,
    value.value,
    session.school_year,
    scope.as_of_date,
    school.school_name,
    counted.student_count,
    counted.total_students,
    {{ share_of('counted.student_count', 'counted.total_students') }} as student_share,
    counted.member_count,
    {{ share_of('counted.member_count', 'counted.total_students') }} as member_share,
    counted.scored_students,
    counted.mean_score_pct,
    counted.score_gap_pct
from {{ ref('int_subgroup_count') }} as counted
inner join {{ ref('int_subgroup_value') }} as value
    on counted.value_key = value.value_key
inner join {{ ref('int_school') }} as school
    on counted.school_key = school.school_key
inner join {{ ref('stg_run_scope') }} as scope
    on counted.district_id = scope.district_id
inner join {{ ref('int_school_year') }} as session
    on counted.district_id = session.district_id
where counted.level = 'school'
