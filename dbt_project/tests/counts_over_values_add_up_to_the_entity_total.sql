select
    district_id,
    'district' as level,
    subgroup,
    sum(student_count) as counted,
    max(total_students) as total_students
from {{ in_scope(ref('rpt_district_subgroup')) }} as report
group by district_id, subgroup
having sum(student_count) <> max(total_students)
union all
select
    district_id,
    'school' as level,
    subgroup,
    sum(student_count) as counted,
    max(total_students) as total_students
from {{ in_scope(ref('rpt_school_subgroup')) }} as report
group by district_id, school_id, subgroup
having sum(student_count) <> max(total_students)
union all
select
    district_id,
    'course' as level,
    subgroup,
    sum(student_count) as counted,
    max(total_students) as total_students
from {{ in_scope(ref('rpt_course_subgroup')) }} as report
group by district_id, school_id, course_id, subgroup
having sum(student_count) <> max(total_students)
