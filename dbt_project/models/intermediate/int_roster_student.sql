-- What users.csv and demographics.csv say of each active student, in the districts that read subgroups from there.
-- The maps of millions of users are not touched for the other districts.
with districts as (
    select distinct district_id
    from {{ ref('int_subgroup_place') }}
),

users as (
    select
        student.district_id,
        student.user_id as student_id,
        student.metadata
    from {{ ref('stg_user') }} as student
    inner join districts
        on student.district_id = districts.district_id
    where student.user_role = 'student'
),

demographics as (
    select
        demographic.district_id,
        demographic.user_id as student_id,
        demographic.metadata,
        {{ race_ethnicity_of('demographic') }} as race_ethnicity,
        {{ demographic_columns('demographic.{column}') }}
    from {{ ref('stg_demographic') }} as demographic
    inner join districts
        on demographic.district_id = districts.district_id
    where {{ row_counts('demographic.status') }} and {{ not_set_aside('demographics', 'demographic', 'user_id') }}
)

select
    student.student_key,
    student.district_id,
    users.metadata as user_metadata,
    demographics.metadata as demographic_metadata,
    demographics.student_id is not null as has_demographics,
    demographics.race_ethnicity,
    {{ demographic_columns('demographics.{column}') }}
from users
inner join {{ ref('int_student') }} as student
    on users.district_id = student.district_id and users.student_id = student.student_id and student.is_active
left join demographics
    on users.district_id = demographics.district_id and users.student_id = demographics.student_id
