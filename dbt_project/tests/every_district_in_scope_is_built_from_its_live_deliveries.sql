select
    scope.district_id,
    district.roster_delivery_id,
    district.subgroup_delivery_id
from {{ ref('stg_run_scope') }} as scope
left join {{ ref('dim_district') }} as district
    on scope.district_id = district.district_id
where
    district.roster_delivery_id is distinct from scope.roster_delivery_id
    or district.subgroup_delivery_id is distinct from scope.subgroup_delivery_id
    or district.as_of_date is distinct from scope.as_of_date
