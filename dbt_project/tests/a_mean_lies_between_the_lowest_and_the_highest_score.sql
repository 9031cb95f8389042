-- A mean of a group lies between the scores that its district's students have; a billionth is left to rounding.
with spans as (
    select
        student.district_id,
        min(score.score_pct) as lowest_pct,
        max(score.score_pct) as highest_pct
    from {{ ref('int_score') }} as score
    inner join {{ ref('int_student') }} as student
        on score.student_key = student.student_key
    group by student.district_id
),

means as (
    {% for model in ('int_subgroup_count', 'int_subgroup_pair') %}
        select
            district_id,
            scored_students,
            mean_score_pct
        from {{ ref(model) }} {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    means.district_id,
    count(*) as row_count
from means
left join spans
    on means.district_id = spans.district_id
where
    (means.scored_students = 0) <> (means.mean_score_pct is null)
    or means.mean_score_pct < spans.lowest_pct - 1e-9
    or means.mean_score_pct > spans.highest_pct + 1e-9
group by means.district_id
