with counts as (
    select
        value_key,
        count(*) as student_count
    from {{ ref('int_student_value') }}
    group by value_key
),

totals as (
    select
        district_id,
        count(*) as total_students
    from {{ ref('int_student') }}
    where is_active
    group by district_id
)

select
    value.district_id,
    value.subgroup,
    value.value,
    session.school_year,
    scope.as_of_date,
    counts.student_count,
    totals.total_students,
    {{ share_of('counts.student_count', 'totals.total_students') }} as student_share,
    {{ member_count_of('value.district_id') }} as member_count,
    {{ share_of(member_count_of('value.district_id'), 'totals.total_students') }} as member_share
from counts
inner join {{ ref('int_subgroup_value') }} as value
    on counts.value_key = value.value_key
inner join totals
    on value.district_id = totals.district_id
inner join {{ ref('stg_run_scope') }} as scope
    on value.district_id = scope.district_id
inner join {{ ref('int_school_year') }} as session
    on value.district_id = session.district_id
