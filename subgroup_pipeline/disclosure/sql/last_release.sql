-- Brings into cell what the last release of each district hid. Reads releases.release and releases.released_cell.
create or replace temp table last_release as
select
    released.district_id,
    max_by(released.release_id, released.released_at) as release_id,
    max_by(
        released.minimum_count = privacy.minimum_count and released.shows_zero = privacy.shows_zero,
        released.released_at
    ) as is_by_same_rule
from releases.release as released
inner join privacy using (district_id)
group by all;

create or replace temp table last_cell as
select
    cell.key,
    last.hidden,
    last.hidden and not coalesce(last.known, false) as is_unknown,
    last.mean_hidden,
    last.reason,
    last.student_count = cell.student_count
    and (last_release.is_by_same_rule or not last.hidden or coalesce(last.known, false)) as is_unchanged,
    last.student_count = cell.student_count
    and last.total_students = cell.total_students
    and last.scored_students = cell.scored_students as is_same
from cell
inner join last_release using (district_id)
inner join releases.released_cell as last
    on last_release.release_id = last.release_id
    and cell.level = last.level
    and cell.school_id is not distinct from last.school_id
    and cell.course_id is not distinct from last.course_id
    and cell.month is not distinct from last.month
    and cell.subgroup = last.subgroup
    and cell.value = last.value
    and cell.with_subgroup is not distinct from last.with_subgroup
    and cell.with_value is not distinct from last.with_value;

-- A month, or the current reports, in which nothing moved: as many cells as last time, all of them the same.
create or replace temp table unmoved as
with now as (
    select cell.district_id, cell.month, count(*) as cells, count(*) filter (last_cell.is_same) as same_cells
    from cell
    left join last_cell using (key)
    group by all
),

before as (
    select last_release.district_id, last.month, count(*) as cells
    from last_release
    inner join releases.released_cell as last using (release_id)
    group by all
)

select now.district_id, now.month
from now
inner join last_release using (district_id)
inner join before
    on now.district_id = before.district_id and now.month is not distinct from before.month
where last_release.is_by_same_rule and now.cells = now.same_cells and now.cells = before.cells;

update cell
set was_hidden = last.is_unknown, is_unchanged = last.is_unchanged
from last_cell as last
where cell.key = last.key and (last.hidden or last.is_unchanged);

update cell
set is_carried = true, hidden = last.hidden, mean_hidden = last.mean_hidden, reason = last.reason
from last_cell as last, unmoved
where
    cell.key = last.key
    and cell.district_id = unmoved.district_id
    and cell.month is not distinct from unmoved.month;
