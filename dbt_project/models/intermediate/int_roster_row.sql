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

user_once as (
    {{ first_of('users', ['district_id', 'student_id'], ['metadata']) }}
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
    where {{ is_kept('demographic.status') }}
),

demographic_once as (
    {{ first_of('demographics', ['district_id', 'student_id'], [
        'metadata', 'sex', 'race_ethnicity', 'hispanic_or_latino', 'two_or_more_races', 'american_indian_or_alaska_native',
        'asian', 'black_or_african_american', 'native_hawaiian_or_other_pacific_islander', 'white', 'country_of_birth',
        'state_of_birth', 'city_of_birth', 'residence_status'
    ]) }}
)

select
    student.student_key,
    student.district_id,
    user_once.metadata as user_metadata,
    demographic_once.metadata as demographic_metadata,
    demographic_once.student_id is not null as has_demographics,
    demographic_once.sex,
    demographic_once.race_ethnicity,
    demographic_once.hispanic_or_latino,
    demographic_once.two_or_more_races,
    demographic_once.american_indian_or_alaska_native,
    demographic_once.asian,
    demographic_once.black_or_african_american,
    demographic_once.native_hawaiian_or_other_pacific_islander,
    demographic_once.white,
    demographic_once.country_of_birth,
    demographic_once.state_of_birth,
    demographic_once.city_of_birth,
    demographic_once.residence_status
from user_once
inner join {{ ref('int_student') }} as student
    on user_once.district_id = student.district_id and user_once.student_id = student.student_id and student.is_active
left join demographic_once
    on user_once.district_id = demographic_once.district_id and user_once.student_id = demographic_once.student_id
