-- Leaves counted: every row of the reports of the chosen districts that is a cell. Reads privacy and source.marts.
create or replace temp table counted as
with of_places as (
    select
        district_id,
        'district' as level,
        null::varchar as school_id,
        null::varchar as course_id,
        null::date as month,
        subgroup,
        value,
        null::varchar as with_subgroup,
        null::varchar as with_value,
        school_year,
        as_of_date,
        student_count,
        total_students,
        scored_students,
        mean_score_pct
    from source.marts.rpt_district_subgroup
    union all by name
    select
        district_id, 'school' as level, school_id, subgroup, value, school_year, as_of_date, student_count,
        total_students, scored_students, mean_score_pct
    from source.marts.rpt_school_subgroup
    union all by name
    select
        district_id, 'course' as level, school_id, course_id, subgroup, value, school_year, as_of_date, student_count,
        total_students, scored_students, mean_score_pct
    from source.marts.rpt_course_subgroup
),

-- A month that says what the current reports say is not counted twice.
differs as (
    select
        trend.district_id,
        trend.month
    from source.marts.rpt_trend_subgroup as trend
    left join of_places as now
        on trend.district_id = now.district_id
        and trend.level = now.level
        and trend.school_id is not distinct from now.school_id
        and trend.course_id is not distinct from now.course_id
        and trend.subgroup = now.subgroup
        and trend.value = now.value
        and trend.student_count = now.student_count
        and trend.total_students = now.total_students
    where trend.district_id in (select district_id from privacy)
    group by all
    having bool_or(now.district_id is null)
),

of_pairs as (
    select
        district_id, 'district' as level, null::varchar as school_id, subgroup, value, with_subgroup, with_value,
        school_year, as_of_date, student_count, scored_students, mean_score_pct
    from source.marts.rpt_district_subgroup_pair
    where subgroup < with_subgroup
    union all by name
    select
        district_id, 'school' as level, school_id, subgroup, value, with_subgroup, with_value, school_year,
        as_of_date, student_count, scored_students, mean_score_pct
    from source.marts.rpt_school_subgroup_pair
    where subgroup < with_subgroup
)

select * from of_places
where district_id in (select district_id from privacy)
union all by name
select
    pair.*,
    place.total_students
from of_pairs as pair
inner join of_places as place
    on pair.district_id = place.district_id
    and pair.level = place.level
    and pair.school_id is not distinct from place.school_id
    and place.subgroup = 'all_students'
where pair.district_id in (select district_id from privacy)
union all by name
select
    district_id, level, school_id, course_id, month, subgroup, value, school_year, student_count, total_students,
    scored_students, mean_score_pct
from source.marts.rpt_trend_subgroup
where (district_id, month) in (from differs)
