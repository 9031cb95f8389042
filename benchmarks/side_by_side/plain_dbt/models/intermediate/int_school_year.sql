select
    district.district_id,
    coalesce(
        max(session.school_year) filter (
            where session.session_type = 'schoolYear'
            and session.start_date <= district.as_of_date and district.as_of_date < session.end_date
        ),
        max(session.school_year) filter (
            where session.start_date <= district.as_of_date and district.as_of_date < session.end_date
        ),
        max(session.school_year)
    ) as school_year
from {{ ref('district') }} as district
left join {{ ref('stg_academic_session') }} as session on district.district_id = session.district_id
group by district.district_id
