-- By place and group: its bands add up to its students who have a score. A district without bands has none.
select
    district_id,
    level,
    school_key,
    course_key,
    value_key,
    sum(student_count) as banded_students,
    max(scored_students) as scored_students
from {{ ref('int_subgroup_band') }}
group by district_id, level, school_key, course_key, value_key
having sum(student_count) <> max(scored_students)
