-- Adds to counted, in districts that hide empty groups, a row of nobody for every value that a place could have.
insert into counted by name
with place as (
    select
        counted.district_id,
        counted.level,
        counted.school_id,
        counted.course_id,
        counted.month,
        counted.school_year,
        counted.as_of_date,
        counted.total_students
    from counted
    inner join privacy using (district_id)
    where counted.subgroup = 'all_students' and not privacy.shows_zero
),

possible as (
    select distinct
        district_id, month, with_subgroup is not null as is_pair, subgroup, value, with_subgroup, with_value
    from counted
    where subgroup <> 'all_students'
)

select
    place.*,
    possible.subgroup,
    possible.value,
    possible.with_subgroup,
    possible.with_value,
    0 as student_count,
    0 as scored_students
from place
inner join possible
    on place.district_id = possible.district_id
    and place.month is not distinct from possible.month
    and (not possible.is_pair or place.level in ('district', 'school'))
anti join counted
    on place.district_id = counted.district_id
    and place.level = counted.level
    and place.school_id is not distinct from counted.school_id
    and place.course_id is not distinct from counted.course_id
    and place.month is not distinct from counted.month
    and possible.subgroup = counted.subgroup
    and possible.value = counted.value
    and possible.with_subgroup is not distinct from counted.with_subgroup
    and possible.with_value is not distinct from counted.with_value
