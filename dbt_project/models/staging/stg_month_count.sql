-- The counts of months before this build: those of its own month, and of builds that it takes back, are not there.
select
    kept.district_id,
    kept.level,
    kept.school_id,
    kept.course_id,
    kept.month,
    kept.school_year,
    kept.term,
    kept.subgroup,
    kept.value,
    kept.student_count,
    kept.total_students,
    kept.scored_students,
    kept.mean_score_pct,
    kept.score_gap_pct,
    kept.effective_at
from {{ source('history', 'month_count') }} as kept
inner join {{ ref('stg_run_scope') }} as scope
    on kept.district_id = scope.district_id and kept.effective_at < scope.history_from and kept.month <> scope.month
