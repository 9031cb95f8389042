select
    raw.district_id,
    raw."classSourcedId" as class_id,
    raw."userSourcedId" as user_id,
    {{ trimmed('raw."status"') }} as status,
    {{ trimmed('raw."role"') }} as enrollment_role,
    {{ trimmed('raw."beginDate"') }} as given_begin,
    {{ trimmed('raw."endDate"') }} as given_end,
    {{ date_of(trimmed('raw."beginDate"')) }} as begin_date,
    {{ date_of(trimmed('raw."endDate"')) }} as end_date
from {{ source('raw', 'enrollments') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
