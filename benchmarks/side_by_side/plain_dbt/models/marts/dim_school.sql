select
    school.district_id,
    school.org_id as school_id,
    school.org_name as school_name,
    count(attends.student_id) as student_count
from {{ ref('stg_org') }} as school
left join {{ ref('fct_student_school') }} as attends
    on school.district_id = attends.district_id and school.org_id = attends.school_id
where school.org_type = 'school'
group by all
