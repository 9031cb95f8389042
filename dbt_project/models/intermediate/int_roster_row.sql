-- What users.csv and demographics.csv say of each active student, for districts that read subgroups from there alone:
-- the maps of millions of users are not touched for the others.
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
        demographic.sex,
        {{ race_ethnicity_of('demographic') }} as race_ethnicity,
        demographic.hispanic_or_latino,
        demographic.two_or_more_races,
        demographic.american_indian_or_alaska_native,
        demographic.asian,
        demographic.black_or_african_american,
        demographic.native_hawaiian_or_other_pacific_islander,
        demographic.white,
        demographic.country_of_birth,
        demographic.state_of_birth,
        demographic.city_of_birth,
        demographic.residence_status
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
    demographics.sex,
    demographics.race_ethnicity,
    demographics.hispanic_or_latino,
    demographics.two_or_more_races,
    demographics.american_indian_or_alaska_native,
    demographics.asian,
    demographics.black_or_african_american,
    demographics.native_hawaiian_or_other_pacific_islander,
    demographics.white,
    demographics.country_of_birth,
    demographics.state_of_birth,
    demographics.city_of_birth,
    demographics.residence_status
from users
inner join {{ ref('int_student') }} as student
    on users.district_id = student.district_id and users.student_id = student.student_id and student.is_active
left join demographics
    on users.district_id = demographics.district_id and users.student_id = demographics.student_id
