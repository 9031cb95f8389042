-- The counts that the reports show, once: of each district, school and course, for each value in use.
-- They are counted from the same tables as the facts. Totals are counted without the values, so that a student who has
-- no value, or two, is found out. A place is named by one of its three keys; a value is of one district only.
-- One grouping per level: all places in one union take 40% more time at 100,000 students with 12 subgroups.
with scores_in_district as (
    select
        student_key,
        score_pct
    from {{ ref('int_score') }}
    where school_key is null and course_key is null
),

schools as (
    select
        attends.school_key,
        attends.student_key,
        score.score_pct
    from {{ ref('int_student_school') }} as attends
    left join {{ ref('int_score') }} as score
        on attends.student_key = score.student_key and attends.school_key = score.school_key
),

courses as (
    select
        takes.course_key,
        takes.student_key,
        score.score_pct
    from {{ ref('int_student_course') }} as takes
    left join {{ ref('int_score') }} as score
        on takes.student_key = score.student_key and takes.course_key = score.course_key
),

counts as (
    select
        cast(null as integer) as school_key,
        cast(null as integer) as course_key,
        has.value_key,
        count(*) as student_count,
        count(score.score_pct) as scored_students,
        sum(score.score_pct) as score_sum
    from {{ ref('int_student_value') }} as has
    left join scores_in_district as score
        on has.student_key = score.student_key
    group by has.value_key
    union all
    select
        schools.school_key,
        cast(null as integer) as course_key,
        has.value_key,
        count(*) as student_count,
        count(schools.score_pct) as scored_students,
        sum(schools.score_pct) as score_sum
    from schools
    inner join {{ ref('int_student_value') }} as has
        on schools.student_key = has.student_key
    group by schools.school_key, has.value_key
    union all
    select
        cast(null as integer) as school_key,
        courses.course_key,
        has.value_key,
        count(*) as student_count,
        count(courses.score_pct) as scored_students,
        sum(courses.score_pct) as score_sum
    from courses
    inner join {{ ref('int_student_value') }} as has
        on courses.student_key = has.student_key
    group by courses.course_key, has.value_key
),

with_members as (
    select
        counts.*,
        value.district_id,
        cast(
            sum(case when value.is_member then counts.student_count when not value.is_member then 0 end)
                over (partition by counts.school_key, counts.course_key, value.subgroup_key)
            as bigint
        ) as member_count
    from counts
    inner join {{ ref('int_subgroup_value') }} as value
        on counts.value_key = value.value_key
),

of_districts as (
    select
        district_id,
        count(*) as total_students
    from {{ ref('int_student') }}
    where is_active
    group by district_id
),

of_schools as (
    select
        school_key,
        count(*) as total_students
    from {{ ref('int_student_school') }}
    group by school_key
),

of_courses as (
    select
        course_key,
        count(*) as total_students
    from {{ ref('int_student_course') }}
    group by course_key
),

of_scores as (
    select
        student.district_id,
        score.school_key,
        score.course_key,
        count(*) as scored_students,
        sum(score.score_pct) as score_sum
    from {{ ref('int_score') }} as score
    inner join {{ ref('int_student') }} as student
        on score.student_key = student.student_key
    group by student.district_id, score.school_key, score.course_key
)

select
    case
        when counted.course_key is not null then 'course'
        when counted.school_key is not null then 'school'
        else 'district'
    end as level,
    counted.district_id,
    counted.school_key,
    counted.course_key,
    counted.value_key,
    counted.student_count,
    coalesce(of_courses.total_students, of_schools.total_students, of_districts.total_students) as total_students,
    counted.member_count,
    counted.scored_students,
    {{ mean_of('counted.score_sum', 'counted.scored_students') }} as mean_score_pct,
    -- The group minus everyone else who has a score there.
    {{ mean_of('counted.score_sum', 'counted.scored_students') }}
    - {{ mean_of('of_scores.score_sum - counted.score_sum', 'of_scores.scored_students - counted.scored_students') }}
        as score_gap_pct
from with_members as counted
left join of_districts
    on counted.district_id = of_districts.district_id
left join of_schools
    on counted.school_key = of_schools.school_key
left join of_courses
    on counted.course_key = of_courses.course_key
left join of_scores
    on counted.district_id = of_scores.district_id
    and counted.school_key is not distinct from of_scores.school_key
    and counted.course_key is not distinct from of_scores.course_key
