with counted as (
    select district_id, student_id from {{ in_scope(ref('fct_student_subgroup')) }} as fact
    where subgroup = 'all_students'
    union all
    select district_id, student_id from {{ in_scope(ref('fct_student_school')) }} as fact
    union all
    select district_id, student_id from {{ in_scope(ref('fct_enrollment')) }} as fact
)

select
    counted.district_id,
    count(*) as row_count
from counted
left join {{ in_scope(ref('dim_student')) }} as student
    on counted.district_id = student.district_id and counted.student_id = student.student_id
where not coalesce(student.is_active, false)
group by counted.district_id
