-- The school year that contains as_of: of a session of type schoolYear if there is one, else of any, else the newest.
with sessions as (
    select
        scope.district_id,
        session.session_type,
        session.school_year,
        scope.as_of_date >= session.start_date and scope.as_of_date < session.end_date as is_current
    from {{ ref('stg_run_scope') }} as scope
    left join {{ ref('stg_academic_session') }} as session
        on scope.district_id = session.district_id and {{ row_counts('session.status') }}
        and {{ not_set_aside('academic_sessions', 'session', 'session_id') }}
)

select
    district_id,
    coalesce(
        max(case when is_current and session_type = 'schoolyear' then school_year end),
        max(case when is_current then school_year end),
        max(school_year)
    ) as school_year
from sessions
group by district_id
