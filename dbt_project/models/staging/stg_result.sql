select
    raw.district_id,
    raw.file_name,
    lower(raw."status") as status,
    raw."lineItemSourcedId" as line_item_id,
    raw."studentSourcedId" as user_id,
    lower(raw."scoreStatus") as score_status,
    {{ number_of('raw."score"') }} as score,
    {{ date_of('raw."scoreDate"') }} as score_date,
    {{ code_of_fault(fault_of_results('raw')) }} as fault
from {{ source('raw', 'results') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
