select
    counted.district_id,
    counted.level,
    counted.school_key,
    counted.course_key,
    value.subgroup,
    sum(counted.student_count) as counted,
    max(counted.total_students) as total_students
from {{ ref('int_subgroup_count') }} as counted
inner join {{ ref('int_subgroup_value') }} as value
    on counted.value_key = value.value_key
group by counted.district_id, counted.level, counted.school_key, counted.course_key, value.subgroup
having sum(counted.student_count) <> max(counted.total_students)
