select
    raw.district_id,
    raw.file_name,
    raw."classSourcedId" as class_id,
    raw."userSourcedId" as user_id,
    lower({{ trimmed('raw."status"') }}) as status,
    lower({{ trimmed('raw."role"') }}) as enrollment_role,
    {{ trimmed('raw."beginDate"') }} as given_begin,
    {{ trimmed('raw."endDate"') }} as given_end,
    {{ date_of(trimmed('raw."beginDate"')) }} as begin_date,
    {{ date_of(trimmed('raw."endDate"')) }} as end_date,
    case
        when
            coalesce(lower({{ trimmed('raw."role"') }}), '') not in ('administrator', 'proctor', 'student', 'teacher')
            then 'VOC203'
        when lower({{ trimmed('raw."status"') }}) = 'tobedeleted' then null
        {{ date_fault('raw."beginDate"', 'raw."endDate"', true, '<') }}
    end as fault
from {{ source('raw', 'enrollments') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
