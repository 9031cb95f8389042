select
    raw.district_id,
    raw.file_name,
    raw."classSourcedId" as class_id,
    raw."userSourcedId" as user_id,
    lower(raw."status") as status,
    lower(raw."role") as enrollment_role,
    raw."beginDate" as given_begin,
    raw."endDate" as given_end,
    {{ date_of('raw."beginDate"') }} as begin_date,
    {{ date_of('raw."endDate"') }} as end_date,
    {{ code_of_fault(fault_of_enrollments('raw')) }} as fault
from {{ source('raw', 'enrollments') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
