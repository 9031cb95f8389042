with subgroup_values as (
    select
        value.value_key,
        value.subgroup,
        value.value,
        scope.roster_delivery_id,
        scope.subgroup_delivery_id,
        scope.roster_received_at,
        coalesce(scope.subgroup_received_at, scope.roster_received_at) as file_received_at
    from {{ ref('int_subgroup_value') }} as value
    inner join {{ ref('stg_run_scope') }} as scope
        on value.district_id = scope.district_id
)

select
    student.district_id,
    student.student_id,
    subgroup_values.subgroup,
    subgroup_values.value,
    has.raw_value,
    has.source,
    {{ delivery_of_value('has', 'subgroup_values') }} as delivery_id,
    case
        when has.source <> 'file' then subgroup_values.roster_received_at
        else subgroup_values.file_received_at
    end as received_at
from {{ ref('int_student_value') }} as has
inner join {{ ref('int_student') }} as student
    on has.student_key = student.student_key
inner join subgroup_values
    on has.value_key = subgroup_values.value_key
