-- What an active student reached in a line item, once, in percent of its span. Only what is fully graded counts, and of
-- results that contradict each other none does. A score beyond the span is taken as it stands: extra points are real.
with given as (
    select
        item.line_item_key,
        student.student_key,
        result.score,
        result.score_date,
        100 * (result.score - item.lowest_score) / (item.highest_score - item.lowest_score) as score_pct
    from {{ ref('stg_result') }} as result
    inner join {{ ref('int_line_item') }} as item
        on result.district_id = item.district_id and result.line_item_id = item.line_item_id
    inner join {{ ref('int_student') }} as student
        on result.district_id = student.district_id and result.user_id = student.student_id and student.is_active
    where result.fault is null and {{ row_counts('result.status') }} and {{ is_fully_graded('result.score_status') }}
)

select
    line_item_key,
    student_key,
    min(score) as score,
    max(score_date) as score_date,
    min(score_pct) as score_pct
from given
group by line_item_key, student_key
having min(score) = max(score)
