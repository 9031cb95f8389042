-- Fills cell from counted; nothing is hidden yet.
insert into cell by name
select
    row_number() over (
        order by
            district_id, level, school_id nulls first, course_id nulls first, month nulls first, subgroup, value,
            with_subgroup nulls first, with_value nulls first
    ) as key,
    district_id,
    level,
    school_id,
    course_id,
    month,
    subgroup,
    value,
    with_subgroup,
    with_value,
    school_year,
    as_of_date,
    student_count,
    total_students,
    coalesce(scored_students, 0) as scored_students,
    mean_score_pct,
    false as was_hidden,
    false as is_unchanged,
    false as is_carried,
    false as hidden,
    false as mean_hidden,
    null as reason
from counted
