-- The school year that contains as_of: of a session of type schoolYear if there is one, else of any, else the newest.
-- The term that contains the day of the build: a semester before a term, and the first by its sourcedId of several.
with sessions as (
    select
        scope.district_id,
        session.session_id,
        session.session_title,
        session.session_type,
        session.school_year,
        scope.as_of_date >= session.start_date and scope.as_of_date < session.end_date as is_current,
        scope.effective_date >= session.start_date and scope.effective_date < session.end_date
        and session.session_type in ('semester', 'term') and session.session_title is not null as is_term_now
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
    ) as school_year,
    min_by(session_title, case when is_term_now then session_type || ' ' || session_id end) as term
from sessions
group by district_id
