-- Leaves what the counts of a district give away of each other. Reads cell and privacy.
--   place: the cell of a place's students, and that of the place around it
--   term: sums. The cells with one (kind, total_key, part) add up to the cell total_key, or nearly so:
--     row     the values of a subgroup, to the students of the place (part: the subgroup)
--     line    the pairs of a value with another subgroup, to the value (part: the other subgroup)
--     column  a value in all schools of a district, or in all courses of a school, to the value there (part: 0)
--     twin    a value in a place that has all students of the place around it (part: the place)
--   contained: a cell and the one of the place around it where the difference is a small group
create or replace temp table place as
with total as (
    select cell.*, privacy.minimum_count
    from cell
    inner join privacy using (district_id)
    where subgroup = 'all_students' and not is_carried
)

select
    own.key as place,
    around.key as around,
    own.district_id,
    own.level,
    own.school_id,
    own.course_id,
    own.month,
    own.student_count,
    around.student_count as around_count,
    own.minimum_count,
    count(*) over siblings = 1 as is_only,
    -- With few students in two places, the sum over places less all but one of them is a good guess at that one.
    abs(sum(own.student_count) over siblings - around.student_count)
    < greatest(own.minimum_count, around.student_count / 10) as adds_up
from total as own
left join total as around
    on own.district_id = around.district_id
    and own.month is not distinct from around.month
    and (
        (own.level = 'school' and around.level = 'district')
        or (own.level = 'course' and around.level = 'school' and own.school_id = around.school_id)
    )
window siblings as (partition by around.key);

create or replace temp table subgroup_number as
select subgroup, row_number() over (order by subgroup)::integer as part
from cell
group by subgroup;

create or replace temp table placed as
select
    cell.key,
    place.place,
    place.around,
    place.adds_up,
    place.student_count = place.around_count and not (place.is_only and place.adds_up) as is_twin,
    place.minimum_count,
    cell.subgroup,
    cell.value,
    cell.with_subgroup,
    cell.with_value,
    cell.student_count,
    cell.student_count > 0 or not privacy.shows_zero as is_open
from cell
inner join privacy using (district_id)
inner join place
    on cell.district_id = place.district_id
    and cell.level = place.level
    and cell.school_id is not distinct from place.school_id
    and cell.course_id is not distinct from place.course_id
    and cell.month is not distinct from place.month
where not cell.is_carried;

create or replace temp table within as
select
    inner_cell.key,
    around_cell.key as around_key,
    inner_cell.place,
    inner_cell.adds_up,
    inner_cell.is_twin,
    inner_cell.minimum_count,
    inner_cell.student_count,
    inner_cell.is_open,
    around_cell.student_count - inner_cell.student_count as difference
from placed as inner_cell
inner join placed as around_cell
    on inner_cell.around = around_cell.place
    and inner_cell.subgroup = around_cell.subgroup
    and inner_cell.value = around_cell.value
    and inner_cell.with_subgroup is not distinct from around_cell.with_subgroup
    and inner_cell.with_value is not distinct from around_cell.with_value;

create or replace temp table contained as
select key, around_key
from within
where difference between 1 and minimum_count - 1;

create or replace temp table term as
-- A pair stands in two sums: among the partners of either of its values.
with side as (
    select placed.key, placed.subgroup, placed.value, partner.part
    from placed
    inner join subgroup_number as partner on placed.with_subgroup = partner.subgroup
    union all
    select placed.key, placed.with_subgroup, placed.with_value, partner.part
    from placed
    inner join subgroup_number as partner on placed.subgroup = partner.subgroup
    where placed.with_subgroup is not null
)

select 'row' as kind, place as total_key, part, key, student_count, minimum_count
from placed
inner join subgroup_number using (subgroup)
where with_subgroup is null and subgroup <> 'all_students' and is_open
union all
select 'line', margin.key as total_key, side.part, pair.key, pair.student_count, pair.minimum_count
from placed as pair
inner join side using (key)
inner join placed as margin
    on pair.place = margin.place
    and margin.with_subgroup is null
    and side.subgroup = margin.subgroup
    and side.value = margin.value
where pair.is_open
union all
select 'column', around_key, 0, key, student_count, minimum_count
from within
where adds_up and is_open
union all
select 'twin', around_key, place, key, student_count, minimum_count
from within
where is_twin and is_open;

-- The only value that anybody has: whoever sees the total sees it.
create or replace temp table sole as
select any_value(key) as key, total_key
from term
where kind in ('row', 'line')
group by kind, total_key, part
having count(*) = 1;
