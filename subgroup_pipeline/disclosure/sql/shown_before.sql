-- Notes in cell what the release that is shown now hides. Reads the schema public of the database shown.
create or replace temp table hid as
select
    district_id, 'district' as level, null as school_id, null as course_id, null::date as month, subgroup, value,
    null as with_subgroup, null as with_value
from shown.public.rpt_district_subgroup
where student_count is null
union all by name
select district_id, 'school' as level, school_id, subgroup, value
from shown.public.rpt_school_subgroup
where student_count is null
union all by name
select district_id, 'course' as level, school_id, course_id, subgroup, value
from shown.public.rpt_course_subgroup
where student_count is null
union all by name
select district_id, 'district' as level, subgroup, value, with_subgroup, with_value
from shown.public.rpt_district_subgroup_pair
where student_count is null
union all by name
select district_id, 'school' as level, school_id, subgroup, value, with_subgroup, with_value
from shown.public.rpt_school_subgroup_pair
where student_count is null
union all by name
select district_id, level, school_id, course_id, month, subgroup, value
from shown.public.rpt_trend_subgroup
where student_count is null;

update cell
set was_hidden = true
from hid
where
    cell.district_id = hid.district_id
    and cell.level = hid.level
    and cell.school_id is not distinct from hid.school_id
    and cell.course_id is not distinct from hid.course_id
    and cell.month is not distinct from hid.month
    and cell.subgroup = hid.subgroup
    and cell.value = hid.value
    and cell.with_subgroup is not distinct from hid.with_subgroup
    and cell.with_value is not distinct from hid.with_value;
