with students as (
    select
        district_id,
        count(*) as student_count
    from {{ ref('int_student') }}
    where is_active
    group by district_id
)

select
    scope.district_id,
    scope.district_name,
    scope.as_of_date,
    session.school_year,
    coalesce(students.student_count, 0) as student_count,
    scope.roster_delivery_id,
    scope.subgroup_delivery_id,
    scope.roster_received_at,
    scope.subgroup_received_at,
    scope.published_at,
    scope.timezone,
    '{{ var("contract_version") }}' as contract_version
from {{ ref('stg_run_scope') }} as scope
inner join {{ ref('int_school_year') }} as session
    on scope.district_id = session.district_id
left join students
    on scope.district_id = students.district_id
