-- What a night publishes beyond by_hand.sql, from its tables: the first rows of the history, pairs of subgroups, the trend's newest
-- month, and the lake. The night's quality tables and the tables that are empty without a gradebook are not made.

-- step: history
create table marts.fct_student_subgroup_history as
select district_id, student_id, subgroup, received_at as valid_from, cast(null as timestamp) as valid_to, value, delivery_id,
       true as is_current
from marts.fct_student_subgroup;

create table marts.rpt_subgroup_change as
select student.district_id, district.received_at as effective_at, value.subgroup, cast(null as varchar) as from_value,
       value.value as to_value, count(*) as student_count
from student_value
inner join student using (student_no)
inner join value using (value_no)
inner join district on district.district_id = student.district_id
group by all;

-- step: pairs
-- Of the first eight subgroups. Students with equal values in all of them are one combination, and only these are paired.
create temp table combined as
select student_no, list(value_no order by value_no) as combination
from student_value inner join value using (value_no)
where value.position between 1 and 8
group by student_no;

create temp table combination as
select row_number() over () as combination_no, combination from (select distinct combination from combined);

create temp table crossed as
select one.combination_no, one.value_no, other.value_no as with_value_no
from (select combination_no, unnest(combination) as value_no from combination) as one
inner join (select combination_no, unnest(combination) as value_no from combination) as other using (combination_no)
where one.value_no <> other.value_no;

create temp table pair as
select counted.school_no, crossed.value_no, crossed.with_value_no, cast(sum(counted.student_count) as bigint) as student_count
from (
    select cast(null as bigint) as school_no, combination.combination_no, count(*) as student_count
    from combined inner join combination using (combination)
    group by combination.combination_no
    union all
    select attends.school_no, combination.combination_no, count(*)
    from combined inner join combination using (combination) inner join attends using (student_no)
    group by attends.school_no, combination.combination_no
) as counted
inner join crossed using (combination_no)
group by counted.school_no, crossed.value_no, crossed.with_value_no;

create table marts.rpt_district_subgroup_pair as
select one.district_id, one.subgroup, one.value, other.subgroup as with_subgroup, other.value as with_value,
       year.school_year, year.as_of_date, pair.student_count
from pair
inner join value as one on one.value_no = pair.value_no
inner join value as other on other.value_no = pair.with_value_no
inner join year on year.district_id = one.district_id
where pair.school_no is null;

create table marts.rpt_school_subgroup_pair as
select school.district_id, school.school_id, one.subgroup, one.value, other.subgroup as with_subgroup,
       other.value as with_value, year.school_year, year.as_of_date, school.school_name, pair.student_count
from pair
inner join school using (school_no)
inner join value as one on one.value_no = pair.value_no
inner join value as other on other.value_no = pair.with_value_no
inner join year on year.district_id = school.district_id;

-- step: trend
create table marts.rpt_trend_subgroup as
select counted.*, cast(date_trunc('month', received_at) as date) as month
from (
    select district_id, 'district' as level, cast(null as varchar) as school_id, cast(null as varchar) as course_id,
           school_year, subgroup, value, student_count, total_students
    from marts.rpt_district_subgroup
    union all
    select district_id, 'school', school_id, null, school_year, subgroup, value, student_count, total_students
    from marts.rpt_school_subgroup
    union all
    select district_id, 'course', school_id, course_id, school_year, subgroup, value, student_count, total_students
    from marts.rpt_course_subgroup
) as counted
inner join (select district_id, received_at from district) as received using (district_id);

-- step: students of the lake
-- rpt_student_subgroup of the districts in `chosen`: read through the view, the lists of all students are made before some are left out.
create table chosen (district_id varchar);

create view chosen_student_subgroup as
select student.district_id, student.student_id, district.school_year, district.as_of_date, student.student_number,
       student.given_name, student.family_name, student.grade_level,
       coalesce(schools.school_names, cast([] as varchar[])) as school_names,
       coalesce(subgroups.subgroups, cast(map() as map(varchar, varchar))) as subgroups
from marts.dim_student as student
inner join marts.dim_district as district on district.district_id = student.district_id
left join (
    select district_id, student_id, map(list(subgroup order by subgroup), list(value order by subgroup)) as subgroups
    from marts.fct_student_subgroup
    where subgroup <> 'all_students' and district_id in (from chosen)
    group by district_id, student_id
) as subgroups on subgroups.district_id = student.district_id and subgroups.student_id = student.student_id
left join (
    select attends.district_id, attends.student_id, list(school.school_name order by school.school_name) as school_names
    from marts.fct_student_school as attends
    inner join marts.dim_school as school on school.district_id = attends.district_id and school.school_id = attends.school_id
    where attends.district_id in (from chosen)
    group by attends.district_id, attends.student_id
) as schools on schools.district_id = student.district_id and schools.student_id = student.student_id
where student.is_active and student.district_id in (from chosen);
