-- The night by hand: see by_hand.py. Each `$kind$` is a read_csv of that OneRoster file of every district.
-- Entities get a short number for this run (student_no, school_no, course_no, value_no); joins and counts run on numbers.

-- step: places
create temp table school as
select row_number() over () as school_no, file.district_id, org."sourcedId" as school_id, org.name as school_name
from $orgs$ as org inner join file using (filename)
where trim(org.type) = 'school' and coalesce(trim(org.status), '') <> 'tobedeleted';

create temp table session as
select file.district_id, session."sourcedId" as session_id, trim(session.type) as session_type,
       cast(trim(session."startDate") as date) as start_date, cast(trim(session."endDate") as date) as end_date,
       trim(session."schoolYear") as school_year
from $academicSessions$ as session inner join file using (filename)
where coalesce(trim(session.status), '') <> 'tobedeleted';

create temp table kept_class as
select file.district_id, class."sourcedId" as class_id, school.school_no, school.school_id,
       class."courseSourcedId" as course_id, class."termSourcedIds" as term_ids
from $classes$ as class inner join file using (filename)
inner join school on school.district_id = file.district_id and school.school_id = class."schoolSourcedId"
where coalesce(trim(class.status), '') <> 'tobedeleted';

create temp table course as
select row_number() over () as course_no, taught.*, known.title as course_title, known."courseCode" as course_code
from (select distinct district_id, school_no, school_id, course_id from kept_class where course_id is not null) as taught
left join (
    select file.district_id, course.*
    from $courses$ as course inner join file using (filename)
    where coalesce(trim(course.status), '') <> 'tobedeleted'
) as known on known.district_id = taught.district_id and known."sourcedId" = taught.course_id;

-- A class's known terms give the dates that its enrollments leave blank.
create temp table class as
select row_number() over () as class_no, class.district_id, class.class_id, class.school_no, class.school_id,
       course.course_no, class.course_id, term.first_date, term.last_date
from kept_class as class
left join course on course.district_id = class.district_id and course.school_no = class.school_no
    and course.course_id = class.course_id
left join (
    select listed.district_id, listed.class_id, min(session.start_date) as first_date, max(session.end_date) as last_date
    from (select district_id, class_id, unnest(string_split(term_ids, ',')) as term_id from kept_class) as listed
    inner join session on session.district_id = listed.district_id and session.session_id = trim(listed.term_id)
    group by listed.district_id, listed.class_id
) as term on term.district_id = class.district_id and term.class_id = class.class_id;

-- The school year around as_of: of a session of type schoolYear, else of any, else the newest.
create temp table year as
select district_id, as_of_date, coalesce(
    max(school_year) filter (session_type = 'schoolYear' and start_date <= as_of_date and as_of_date < end_date),
    max(school_year) filter (start_date <= as_of_date and as_of_date < end_date),
    max(school_year)) as school_year
from district left join session using (district_id)
group by district_id, as_of_date;

-- step: students
create temp table student as
select row_number() over () as student_no, district.district_id, district.as_of_date, "user"."sourcedId" as student_id,
       trim(case
           when district.match_field = 'users.sourcedId' then "user"."sourcedId"
           when district.match_field = 'users.identifier' then "user".identifier
           when district.match_field = 'users.username' then "user".username
           when district.match_field like 'userIds:%' then regexp_extract(
               "user"."userIds", '\{' || regexp_escape(substr(district.match_field, 9)) || ':([^}]*)\}', 1)
       end) as student_number,
       "user"."givenName" as given_name, "user"."familyName" as family_name, "user".grades as grade_level,
       "user"."orgSourcedIds" as org_ids,
       coalesce(lower(trim("user"."enabledUser")), '') <> 'false' and coalesce(trim("user".status), 'active') = 'active' as is_active
from $users$ as "user" inner join file using (filename) inner join district using (district_id)
where trim("user".role) = 'student';

-- step: enrollments
-- Several rows of one student in one class are one, from the first begin to the last end; an open end wins.
create temp table enrollment as
select student_no, class_no,
       case when count(begin_date) = count(*) then min(begin_date) end as begin_date,
       case when count(end_date) = count(*) then max(end_date) end as end_date
from (
    select student.student_no, class.class_no, student.as_of_date,
           coalesce(cast(trim(enrollment."beginDate") as date), class.first_date) as begin_date,
           coalesce(cast(trim(enrollment."endDate") as date), class.last_date) as end_date
    from $enrollments$ as enrollment
    inner join file using (filename)
    inner join student on student.district_id = file.district_id and student.student_id = enrollment."userSourcedId"
    inner join class on class.district_id = file.district_id and class.class_id = enrollment."classSourcedId"
    where trim(enrollment.role) = 'student' and coalesce(trim(enrollment.status), 'active') = 'active' and student.is_active
)
where (begin_date is null or begin_date <= as_of_date) and (end_date is null or as_of_date < end_date)
group by student_no, class_no;

create temp table takes as
select distinct enrollment.student_no, class.course_no
from enrollment inner join class using (class_no)
where class.course_no is not null;

-- Where a student counts: the schools of the classes they sit in, else the schools among their orgs.
create temp table attends as
select distinct enrollment.student_no, class.school_no
from enrollment inner join class using (class_no)
union all
select distinct listed.student_no, school.school_no
from (
    select student_no, district_id, trim(unnest(string_split(org_ids, ','))) as org_id
    from student
    where is_active and student_no not in (select student_no from enrollment)
) as listed
inner join school on school.district_id = listed.district_id and school.school_id = listed.org_id;

-- step: subgroups
-- Equal rows count once, rows that differ not at all; a key must be one active student's.
create temp table file_row as
with once as (
    select file.district_id, rows.student_number, any_value(rows.cells) as cells
    from ($file_rows$) as rows inner join file using (filename)
    where rows.student_number <> ''
    group by file.district_id, rows.student_number
    having min(rows.cells) = max(rows.cells)
),

holder as (
    select district_id, student_number, any_value(student_no) as student_no
    from student
    where is_active and student_number <> ''
    group by district_id, student_number
    having count(*) = 1
)

select holder.student_no, once.district_id, once.cells
from once inner join holder using (district_id, student_number);

create temp table cell as
select student_no, district_id, unnest(cells) as raw, generate_subscripts(cells, 1) as position from file_row;

-- What each text means in each column, then a number for every value that a district can have.
create temp table meaning as
select seen.district_id, seen.position, seen.raw,
       case when seen.raw = '' then subgroup.blank_value
            else coalesce(setting.value, case when subgroup.is_open then seen.raw end, 'not_reported') end as value
from (select distinct district_id, position, raw from cell) as seen
inner join subgroup using (district_id, position)
left join setting on setting.district_id = subgroup.district_id and setting.subgroup = subgroup.subgroup
    and setting.match_text = lower(seen.raw);

create temp table value as
select row_number() over () as value_no, *,
       case when position = 0 then true
            when exists (from subgroup where is_open and subgroup.district_id = named.district_id and subgroup.position = named.position)
                then null
            else value not in ('no', 'full_price', 'not_tested', 'not_reported') end as is_member
from (
    select district_id, position, subgroup, value, min(value_order) as value_order, bool_or(is_named) as is_named
    from (
        select district_id, 0 as position, 'all_students' as subgroup, 'all' as value, 0 as value_order, true as is_named
        from district
        union all
        select subgroup.district_id, subgroup.position, subgroup.subgroup, setting.value, setting.value_order, true
        from setting inner join subgroup using (district_id, subgroup)
        union all
        select district_id, position, subgroup, unnest([blank_value, 'not_reported']), null, true from subgroup
        union all
        select meaning.district_id, meaning.position, subgroup.subgroup, meaning.value, null, false
        from meaning inner join subgroup using (district_id, position)
    )
    group by district_id, position, subgroup, value
) as named;

create temp table student_value as
select cell.student_no, value.value_no, nullif(cell.raw, '') as raw_value, true as is_in_file
from cell
inner join meaning using (district_id, position, raw)
inner join value on value.district_id = meaning.district_id and value.position = meaning.position and value.value = meaning.value
union all
select student.student_no, value.value_no, null, false
from student
inner join value on value.district_id = student.district_id
    and (value.position = 0 or value.value = 'not_reported' and student.student_no not in (select student_no from file_row))
where student.is_active;

-- step: dimensions
create table marts.dim_district as
select district.district_id, district.district_name, district.as_of_date, year.school_year,
       count(student.student_no) as student_count,
       district.district_id || '-roster' as roster_delivery_id, district.district_id || '-subgroups' as subgroup_delivery_id,
       district.received_at as roster_received_at, district.received_at as subgroup_received_at,
       cast(now() as timestamp) as published_at, '2.0.0' as contract_version
from district
inner join year using (district_id)
left join student on student.district_id = district.district_id and student.is_active
group by all;

create table marts.dim_school as
select school.district_id, school.school_id, school.school_name, count(attends.student_no) as student_count
from school left join attends using (school_no)
group by all;

create table marts.dim_course as
select course.district_id, course.school_id, course.course_id, course.course_title, course.course_code,
       count(takes.student_no) as student_count
from course left join takes using (course_no)
group by all;

create table marts.dim_student as
select district_id, student_id, student_number, given_name, family_name, grade_level, is_active from student;

create table marts.dim_subgroup as
select value.district_id, value.subgroup, value.value, value.is_member,
       upper(left(value.subgroup, 1)) || replace(substr(value.subgroup, 2), '_', ' ') as subgroup_label,
       case when value.is_named then upper(left(value.value, 1)) || replace(substr(value.value, 2), '_', ' ')
            else value.value end as value_label,
       subgroup.source_column, coalesce(subgroup.sensitivity, 'none') as sensitivity,
       row_number() over (
           partition by value.district_id
           order by value.position, value.value = 'not_reported', value.value_order nulls last, value.value) as display_order
from value left join subgroup using (district_id, position);

-- step: facts
create table marts.fct_enrollment as
select class.district_id, student.student_id, class.school_id, class.course_id, class.class_id,
       enrollment.begin_date, enrollment.end_date
from enrollment inner join student using (student_no) inner join class using (class_no);

create table marts.fct_student_school as
select school.district_id, student.student_id, school.school_id
from attends inner join student using (student_no) inner join school using (school_no);

create table marts.fct_student_subgroup as
select student.district_id, student.student_id, value.subgroup, value.value, has.raw_value,
       case when value.position = 0 then 'roster' else 'file' end as source,
       case when value.position = 0 then value.district_id || '-roster'
            when has.is_in_file then value.district_id || '-subgroups' end as delivery_id,
       district.received_at as received_at
from student_value as has
inner join student using (student_no)
inner join value using (value_no)
inner join district on district.district_id = value.district_id;

-- step: reports
create table marts.rpt_district_subgroup as
select value.district_id, value.subgroup, value.value, year.school_year, year.as_of_date, counted.student_count,
       total.student_count as total_students, counted.student_count / total.student_count as student_share,
       sum(case when value.is_member then counted.student_count when not value.is_member then 0 end) over of_district as member_count,
       member_count / total.student_count as member_share
from (select value_no, count(*) as student_count from student_value group by value_no) as counted
inner join value using (value_no)
inner join year on year.district_id = value.district_id
inner join marts.dim_district as total on total.district_id = value.district_id
window of_district as (partition by value.district_id, value.subgroup);

create table marts.rpt_school_subgroup as
select school.district_id, school.school_id, value.subgroup, value.value, year.school_year, year.as_of_date,
       school.school_name, counted.student_count, total.student_count as total_students,
       counted.student_count / total.student_count as student_share,
       sum(case when value.is_member then counted.student_count when not value.is_member then 0 end) over of_school as member_count,
       member_count / total.student_count as member_share
from (
    select attends.school_no, has.value_no, count(*) as student_count
    from attends inner join student_value as has using (student_no)
    group by attends.school_no, has.value_no
) as counted
inner join value using (value_no)
inner join school using (school_no)
inner join year on year.district_id = school.district_id
inner join marts.dim_school as total on total.district_id = school.district_id and total.school_id = school.school_id
window of_school as (partition by counted.school_no, value.subgroup);

-- A student takes six courses and has a dozen values: one list of values a student keeps the join small.
create table marts.rpt_course_subgroup as
select course.district_id, course.school_id, course.course_id, value.subgroup, value.value, year.school_year,
       year.as_of_date, school.school_name, course.course_title, counted.student_count,
       total.student_count as total_students, counted.student_count / total.student_count as student_share,
       sum(case when value.is_member then counted.student_count when not value.is_member then 0 end) over of_course as member_count,
       member_count / total.student_count as member_share
from (
    select course_no, value_no, count(*) as student_count
    from (
        select takes.course_no, unnest(lists.value_nos) as value_no
        from takes
        inner join (select student_no, list(value_no) as value_nos from student_value group by student_no) as lists
            using (student_no)
    )
    group by course_no, value_no
) as counted
inner join value using (value_no)
inner join course using (course_no)
inner join school using (school_no)
inner join year on year.district_id = course.district_id
inner join marts.dim_course as total on total.district_id = course.district_id and total.school_id = course.school_id
    and total.course_id = course.course_id
window of_course as (partition by counted.course_no, value.subgroup);

create view marts.rpt_student_subgroup as
select student.district_id, student.student_id, district.school_year, district.as_of_date, student.student_number,
       student.given_name, student.family_name, student.grade_level,
       coalesce(schools.school_names, cast([] as varchar[])) as school_names,
       coalesce(subgroups.subgroups, cast(map() as map(varchar, varchar))) as subgroups
from marts.dim_student as student
inner join marts.dim_district as district on district.district_id = student.district_id
left join (
    select district_id, student_id, map(list(subgroup order by subgroup), list(value order by subgroup)) as subgroups
    from marts.fct_student_subgroup
    where subgroup <> 'all_students'
    group by district_id, student_id
) as subgroups on subgroups.district_id = student.district_id and subgroups.student_id = student.student_id
left join (
    select attends.district_id, attends.student_id, list(school.school_name order by school.school_name) as school_names
    from marts.fct_student_school as attends
    inner join marts.dim_school as school on school.district_id = attends.district_id and school.school_id = attends.school_id
    group by attends.district_id, attends.student_id
) as schools on schools.district_id = student.district_id and schools.student_id = student.student_id
where student.is_active;
