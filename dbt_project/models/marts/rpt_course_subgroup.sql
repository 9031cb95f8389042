with counts as (
    select
        takes.course_key,
        has.value_key,
        count(*) as student_count
    from {{ ref('int_student_course') }} as takes
    inner join {{ ref('int_student_value') }} as has
        on takes.student_key = has.student_key
    group by takes.course_key, has.value_key
),

totals as (
    select
        course_key,
        count(*) as total_students
    from {{ ref('int_student_course') }}
    group by course_key
)

select
    value.district_id,
    course.school_id,
    course.course_id,
    value.subgroup,
    value.value,
    session.school_year,
    scope.as_of_date,
    school.school_name,
    course.course_title,
    counts.student_count,
    totals.total_students,
    {{ share_of('counts.student_count', 'totals.total_students') }} as student_share,
    {{ member_count_of('counts.course_key') }} as member_count,
    {{ share_of(member_count_of('counts.course_key'), 'totals.total_students') }} as member_share
from counts
inner join totals
    on counts.course_key = totals.course_key
inner join {{ ref('int_subgroup_value') }} as value
    on counts.value_key = value.value_key
inner join {{ ref('int_course') }} as course
    on counts.course_key = course.course_key
inner join {{ ref('int_school') }} as school
    on course.school_key = school.school_key
inner join {{ ref('stg_run_scope') }} as scope
    on value.district_id = scope.district_id
inner join {{ ref('int_school_year') }} as session
    on value.district_id = session.district_id
