-- A course as it is taught at one school: the pairs that exist in classes, whether or not courses.csv knows the course.
with taught as (
    select distinct
        course_key,
        school_key,
        district_id,
        school_id,
        course_id
    from {{ ref('int_class') }}
    where course_id is not null
),

once as (
    select
        course.district_id,
        course.course_id,
        course.course_title,
        course.course_code
    from {{ ref('stg_course') }} as course
    where {{ row_counts('course.status') }} and {{ not_set_aside('courses', 'course', 'course_id') }}
)

select
    taught.course_key,
    taught.school_key,
    taught.district_id,
    taught.school_id,
    taught.course_id,
    once.course_title,
    once.course_code
from taught
left join once
    on taught.district_id = once.district_id and taught.course_id = once.course_id
