with students as (
    select
        district_id,
        count(*) as active_students
    from {{ in_scope(ref('dim_student')) }} as student
    where is_active
    group by district_id
),

reported as (
    select
        district_id,
        sum(student_count) as student_count
    from {{ in_scope(ref('rpt_district_subgroup')) }} as report
    where subgroup = 'all_students' and value = 'all'
    group by district_id
)

select
    district.district_id,
    district.student_count,
    students.active_students,
    reported.student_count as reported_students
from {{ in_scope(ref('dim_district')) }} as district
left join students
    on district.district_id = students.district_id
left join reported
    on district.district_id = reported.district_id
where
    district.student_count <> coalesce(students.active_students, 0)
    or district.student_count <> coalesce(reported.student_count, 0)
