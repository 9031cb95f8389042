select
    district_id,
    district_name,
    roster_delivery_id,
    subgroup_delivery_id,
    roster_received_at,
    subgroup_received_at,
    as_of_date,
    match_field,
    timezone,
    effective_at,
    effective_date,
    history_from,
    month,
    built_at as published_at
from {{ source('control', 'run_scope') }}
