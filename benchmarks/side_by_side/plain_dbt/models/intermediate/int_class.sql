-- A class of a school, with the first and the last day of its terms.
with terms as (
    select
        listed.district_id,
        listed.class_id,
        min(session.start_date) as first_date,
        max(session.end_date) as last_date
    from (
        select district_id, class_id, unnest(string_split(term_ids, ',')) as term_id from {{ ref('stg_class') }}
    ) as listed
    inner join {{ ref('stg_academic_session') }} as session
        on listed.district_id = session.district_id and trim(listed.term_id) = session.session_id
    group by listed.district_id, listed.class_id
)

select
    class.district_id,
    class.class_id,
    class.school_id,
    class.course_id,
    terms.first_date,
    terms.last_date
from {{ ref('stg_class') }} as class
inner join {{ ref('stg_org') }} as school
    on class.district_id = school.district_id and class.school_id = school.org_id and school.org_type = 'school'
left join terms on class.district_id = terms.district_id and class.class_id = terms.class_id
