-- A student's score where the student counts: the mean over the own results in the district, in a school, in a course.
-- A school or course names its place alone, as in int_subgroup_count.
with results as (
    select
        result.student_key,
        item.school_key,
        item.course_key,
        result.score_pct
    from {{ ref('int_result') }} as result
    inner join {{ ref('int_line_item') }} as item
        on result.line_item_key = item.line_item_key
)

select
    cast(null as integer) as school_key,
    cast(null as integer) as course_key,
    student_key,
    avg(score_pct) as score_pct
from results
group by student_key
union all
select
    results.school_key,
    cast(null as integer) as course_key,
    results.student_key,
    avg(results.score_pct) as score_pct
from results
inner join {{ ref('int_student_school') }} as attends
    on results.student_key = attends.student_key and results.school_key = attends.school_key
group by results.school_key, results.student_key
union all
select
    cast(null as integer) as school_key,
    results.course_key,
    results.student_key,
    avg(results.score_pct) as score_pct
from results
inner join {{ ref('int_student_course') }} as takes
    on results.student_key = takes.student_key and results.course_key = takes.course_key
group by results.course_key, results.student_key
