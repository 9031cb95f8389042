select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as user_id,
    lower(raw."status") as status,
    raw."sex" as sex,
    raw."hispanicOrLatinoEthnicity" as hispanic_or_latino,
    raw."demographicRaceTwoOrMoreRaces" as two_or_more_races,
    raw."americanIndianOrAlaskaNative" as american_indian_or_alaska_native,
    raw."asian" as asian,
    raw."blackOrAfricanAmerican" as black_or_african_american,
    raw."nativeHawaiianOrOtherPacificIslander" as native_hawaiian_or_other_pacific_islander,
    raw."white" as white,
    raw."countryOfBirthCode" as country_of_birth,
    raw."stateOfBirthAbbreviation" as state_of_birth,
    raw."cityOfBirth" as city_of_birth,
    raw."publicSchoolResidenceStatus" as residence_status,
    raw.metadata,
    {{ code_of_fault(fault_of_demographics('raw')) }} as fault
from {{ source('raw', 'demographics') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
