select
    raw.district_id,
    raw.file_name,
    raw."sourcedId" as line_item_id,
    lower(raw."status") as status,
    raw."title" as line_item_title,
    raw."classSourcedId" as class_id,
    {{ date_of('raw."dueDate"') }} as due_date,
    {{ number_of('raw."resultValueMin"') }} as lowest_score,
    {{ number_of('raw."resultValueMax"') }} as highest_score,
    {{ code_of_fault(fault_of_line_items('raw')) }} as fault
from {{ source('raw', 'line_items') }} as raw
inner join {{ ref('stg_run_scope') }} as scope
    on raw.district_id = scope.district_id and raw.delivery_id = scope.roster_delivery_id
