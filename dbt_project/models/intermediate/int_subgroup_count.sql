-- The counts that the reports show, once: of each district, school and course, for each value in use.
-- They are counted from the same tables as the facts. Totals are counted without the values, so that a student who has
-- no value, or two, is found out. A place is named by one of its three keys.
with places as (
    select
        district_id,
        cast(null as integer) as school_key,
        cast(null as integer) as course_key,
        student_key
    from {{ ref('int_student') }}
    where is_active
    union all
    select
        cast(null as varchar) as district_id,
        school_key,
        cast(null as integer) as course_key,
        student_key
    from {{ ref('int_student_school') }}
    union all
    select
        cast(null as varchar) as district_id,
        cast(null as integer) as school_key,
        course_key,
        student_key
    from {{ ref('int_student_course') }}
),

scored as (
    select
        places.*,
        score.score_pct
    from places
    left join {{ ref('int_score') }} as score
        on places.student_key = score.student_key
        and places.school_key is not distinct from score.school_key
        and places.course_key is not distinct from score.course_key
),

totals as (
    select
        district_id,
        school_key,
        course_key,
        count(*) as total_students,
        count(score_pct) as total_scored,
        sum(score_pct) as total_score
    from scored
    group by district_id, school_key, course_key
),

counts as (
    select
        scored.district_id,
        scored.school_key,
        scored.course_key,
        has.value_key,
        count(*) as student_count,
        count(scored.score_pct) as scored_students,
        sum(scored.score_pct) as score_sum
    from scored
    inner join {{ ref('int_student_value') }} as has
        on scored.student_key = has.student_key
    group by scored.district_id, scored.school_key, scored.course_key, has.value_key
)

select
    case
        when counts.course_key is not null then 'course'
        when counts.school_key is not null then 'school'
        else 'district'
    end as level,
    value.district_id,
    counts.school_key,
    counts.course_key,
    counts.value_key,
    counts.student_count,
    totals.total_students,
    cast(
        sum(case when value.is_member then counts.student_count when not value.is_member then 0 end)
            over (partition by counts.district_id, counts.school_key, counts.course_key, value.subgroup_key)
        as bigint
    ) as member_count,
    counts.scored_students,
    {{ mean_of('counts.score_sum', 'counts.scored_students') }} as mean_score_pct,
    -- The group minus everyone else who has a score there.
    {{ mean_of('counts.score_sum', 'counts.scored_students') }}
    - {{ mean_of('totals.total_score - counts.score_sum', 'totals.total_scored - counts.scored_students') }}
        as score_gap_pct
from counts
inner join totals
    on counts.district_id is not distinct from totals.district_id
    and counts.school_key is not distinct from totals.school_key
    and counts.course_key is not distinct from totals.course_key
inner join {{ ref('int_subgroup_value') }} as value
    on counts.value_key = value.value_key
