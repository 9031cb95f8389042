select
    counted.district_id,
    one.subgroup,
    one.value,
    other.subgroup as with_subgroup,
    other.value as with_value,
    session.school_year,
    scope.as_of_date,
    counted.student_count,
    counted.scored_students,
    counted.mean_score_pct
from {{ ref('int_subgroup_pair') }} as counted
inner join {{ ref('int_subgroup_value') }} as one
    on counted.value_key = one.value_key
inner join {{ ref('int_subgroup_value') }} as other
    on counted.with_value_key = other.value_key
inner join {{ ref('stg_run_scope') }} as scope
    on counted.district_id = scope.district_id
inner join {{ ref('int_school_year') }} as session
    on counted.district_id = session.district_id
where counted.school_key is null
