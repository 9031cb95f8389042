-- How the students of each group who have a score are spread over the bands of the district, each of which is listed.
-- Scores are compared in billionths of a percent: summed in another order, a mean of 60 may be 59.999999999999993.
with bands as (
    select
        *,
        -- A score below the lowest band counts in the lowest.
        case when band_order > 1 then band_floor end as from_pct,
        lead(band_floor) over (partition by district_id order by band_order) as to_pct
    from {{ ref('stg_report_band') }}
),

banded as (
    select
        score.school_key,
        score.course_key,
        score.student_key,
        bands.band_order
    from {{ ref('int_score') }} as score
    inner join {{ ref('int_student') }} as student
        on score.student_key = student.student_key
    inner join bands
        on student.district_id = bands.district_id
        and (bands.from_pct is null or round(score.score_pct, 9) >= bands.from_pct)
        and (bands.to_pct is null or round(score.score_pct, 9) < bands.to_pct)
),

counts as (
    select
        banded.school_key,
        banded.course_key,
        banded.band_order,
        has.value_key,
        count(*) as student_count
    from banded
    inner join {{ ref('int_student_value') }} as has
        on banded.student_key = has.student_key
    group by banded.school_key, banded.course_key, banded.band_order, has.value_key
)

select
    counted.level,
    counted.district_id,
    counted.school_key,
    counted.course_key,
    counted.value_key,
    bands.band,
    bands.band_order,
    bands.band_floor,
    coalesce(counts.student_count, 0) as student_count,
    counted.scored_students
from {{ ref('int_subgroup_count') }} as counted
inner join bands
    on counted.district_id = bands.district_id
left join counts
    on counted.value_key = counts.value_key
    and bands.band_order = counts.band_order
    and counted.school_key is not distinct from counts.school_key
    and counted.course_key is not distinct from counts.course_key
where counted.scored_students > 0
