-- Fills releases.released_cell with what the new releases show and hide. Reads cell, privacy, display and source.marts.
-- The rows are in the order of their names, so that their places tell nothing of what is hidden.
insert into releases.released_cell by name
with school as (
    select distinct district_id, school_id, school_name
    from source.marts.rpt_school_subgroup
    where subgroup = 'all_students' and district_id in (select district_id from privacy)
),

course as (
    select distinct district_id, school_id, course_id, course_title
    from source.marts.rpt_course_subgroup
    where subgroup = 'all_students' and district_id in (select district_id from privacy)
),

-- Months that say what the current reports say, and have no cells of their own.
like_now as (
    select distinct district_id, level, school_id, course_id, month, school_year, subgroup
    from source.marts.rpt_trend_subgroup
    where
        district_id in (select district_id from privacy)
        and (district_id, month) not in (
            select district_id, month
            from cell
            where month is not null
        )
),

shown as (
    select cell.* from cell
    union all by name
    select cell.* exclude (month, school_year), like_now.month, like_now.school_year
    from like_now
    inner join cell
        on like_now.district_id = cell.district_id
        and like_now.level = cell.level
        and like_now.school_id is not distinct from cell.school_id
        and like_now.course_id is not distinct from cell.course_id
        and like_now.subgroup = cell.subgroup
        and cell.with_subgroup is null
        and cell.month is null
),

shared as (
    select
        shown.*,
        -- A share beside a count that is shown would give a total back that is not.
        shown.hidden or bool_or(shown.hidden and shown.subgroup = 'all_students') over (
            partition by shown.district_id, shown.level, shown.school_id, shown.course_id, shown.month
        ) as share_is_hidden,
        display.release_id,
        display.symbol,
        100.0 * shown.student_count / nullif(shown.total_students, 0) as share,
        list_last(list_filter(display.edges, lambda edge: edge.from_ <= shown.total_students)) as written
    from shown
    inner join display using (district_id)
)

select
    shared.release_id,
    shared.district_id,
    shared.level,
    shared.school_id,
    shared.course_id,
    shared.month,
    shared.subgroup,
    shared.value,
    shared.with_subgroup,
    shared.with_value,
    shared.school_year,
    shared.as_of_date,
    school.school_name,
    course.course_title,
    shared.student_count,
    shared.total_students,
    shared.scored_students,
    shared.hidden,
    shared.mean_hidden,
    not shared.hidden or (shared.is_unchanged and not shared.was_hidden) as known,
    shared.reason,
    if(shared.hidden, shared.symbol, shared.student_count::varchar) as display_value,
    case
        when shared.with_subgroup is not null or share is null then null
        when shared.share_is_hidden then shared.symbol
        when shared.subgroup = 'all_students' then '100%'
        when share < written.edge or (share = written.edge and starts_with(written.below, '<=')) then written.below
        when share > 100 - written.edge or (share = 100 - written.edge and starts_with(written.above, '>='))
            then written.above
        when written.step = 1 then round(share)::integer || '%'
        else
            (share // written.step * written.step)::integer || '-'
            || (share // written.step * written.step + written.step - 1)::integer || '%'
    end as student_share_display,
    if(shared.hidden or shared.mean_hidden, null, round(shared.mean_score_pct)) as shown_mean_pct
from shared
left join school
    on shared.district_id = school.district_id and shared.school_id = school.school_id
left join course
    on shared.district_id = course.district_id
    and shared.school_id = course.school_id
    and shared.course_id = course.course_id
order by
    shared.district_id, shared.level, shared.school_id, shared.course_id, shared.month, shared.subgroup, shared.value,
    shared.with_subgroup, shared.with_value
