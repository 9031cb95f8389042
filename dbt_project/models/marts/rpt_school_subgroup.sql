with counts as (
    select
        attends.school_key,
        has.value_key,
        count(*) as student_count
    from {{ ref('int_student_school') }} as attends
    inner join {{ ref('int_student_value') }} as has
        on attends.student_key = has.student_key
    group by attends.school_key, has.value_key
),

totals as (
    select
        school_key,
        count(*) as total_students
    from {{ ref('int_student_school') }}
    group by school_key
)

select
    value.district_id,
    school.school_id,
    value.subgroup,
    value.value,
    session.school_year,
    scope.as_of_date,
    school.school_name,
    counts.student_count,
    totals.total_students,
    {{ share_of('counts.student_count', 'totals.total_students') }} as student_share,
    {{ member_count_of('counts.school_key') }} as member_count,
    {{ share_of(member_count_of('counts.school_key'), 'totals.total_students') }} as member_share
from counts
inner join totals
    on counts.school_key = totals.school_key
inner join {{ ref('int_subgroup_value') }} as value
    on counts.value_key = value.value_key
inner join {{ ref('int_school') }} as school
    on counts.school_key = school.school_key
inner join {{ ref('stg_run_scope') }} as scope
    on value.district_id = scope.district_id
inner join {{ ref('int_school_year') }} as session
    on value.district_id = session.district_id
