-- Every value that a student of the district can have, in the order of the settings; not_reported comes last.
with known as (
    select
        subgroup.subgroup_key,
        setting.value,
        setting.value_label,
        setting.display_order as value_order,
        true as is_named,
        setting.is_member
    from {{ ref('stg_subgroup_value') }} as setting
    inner join {{ ref('int_subgroup') }} as subgroup
        on setting.district_id = subgroup.district_id and setting.subgroup = subgroup.subgroup
    union all
    select
        subgroup_key,
        blank_value as value,
        null as value_label,
        null as value_order,
        true as is_named,
        null as is_member
    from {{ ref('int_subgroup') }}
    union all
    select
        subgroup_key,
        absent_value as value,
        null as value_label,
        null as value_order,
        true as is_named,
        null as is_member
    from {{ ref('int_subgroup') }}
    union all
    select
        subgroup_key,
        value,
        null as value_label,
        null as value_order,
        false as is_named,
        null as is_member
    from {{ ref('int_subgroup_text') }}
),

once as (
    select
        subgroup_key,
        value,
        min(value_label) as value_label,
        min(value_order) as value_order,
        bool_or(is_named) as is_named,
        bool_or(is_member) as is_member
    from known
    group by subgroup_key, value
)

select
    {{ row_key() }} as value_key,
    once.subgroup_key,
    subgroup.district_id,
    subgroup.subgroup,
    once.value,
    coalesce(
        once.value_label,
        case when once.is_named then {{ label_of('once.value') }} else once.value end
    ) as value_label,
    -- What the settings do not name is no membership: a value of blank cells alone, and not_reported.
    case
        when subgroup.subgroup = 'all_students' then true
        when not subgroup.is_open then coalesce(once.is_member, false)
    end as is_member,
    row_number() over (
        partition by subgroup.district_id
        order by
            subgroup.display_order,
            subgroup.subgroup,
            once.value = 'not_reported',
            once.value_order nulls last,
            not once.is_named,
            once.value
    ) as display_order
from once
inner join {{ ref('int_subgroup') }} as subgroup
    on once.subgroup_key = subgroup.subgroup_key
