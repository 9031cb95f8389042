-- Leaves roster_text: each text that the columns hold, for how many students, what the settings make of it, and
-- whose it is where nothing is set up. Reads roster_column, roster_student, raw.demographics and
-- control.subgroup_value.
create temp table roster_text as
with demographic as materialized (
    select
        s.delivery_id,
        s.is_before,
        d.* exclude (delivery_id)
    from roster_student as s
    inner join warehouse.raw.demographics as d
        on s.read_id = d.delivery_id and s.sourcedId = d.sourcedId and {{ row_counts('d.status') }}
),

cell as (
    select
        c.district_id,
        s.delivery_id,
        s.is_before,
        c.subgroup,
        c.source_column,
        'users.csv' as file_name,
        c.header,
        c.is_open,
        s.sourcedId,
        {{ map_value('s.metadata', 'c.header') }} as text
    from roster_student as s
    inner join roster_column as c on s.delivery_id = c.delivery_id
    where c.source = 'roster_metadata'
    union all
    select
        c.district_id,
        d.delivery_id,
        d.is_before,
        c.subgroup,
        c.source_column,
        'demographics.csv' as file_name,
        c.header,
        c.is_open,
        d.sourcedId,
        case
            when c.source = 'roster_metadata' then {{ map_value('d.metadata', 'c.header') }}
            {%- for column in demographics %}
            when c.header = '{{ column }}' then d.{{ column }}
            {%- endfor %}
        end as text
    from demographic as d
    inner join roster_column as c on d.delivery_id = c.delivery_id
),

said as (
    select
        c.*,
        lower(c.text) as folded,
        v.value,
        case
            when c.source_column = '{{ roll_up }}' then {{ truth_of('c.text') }} is not null
            else c.is_open or v.value is not null
        end as is_set_up
    from cell as c
    left join warehouse.control.subgroup_value as v
        on c.district_id = v.district_id and c.subgroup = v.subgroup and lower(v.raw_key) = lower(c.text)
    where c.text is not null
)

select
    delivery_id,
    is_before,
    source_column,
    file_name,
    header,
    is_open,
    folded,
    value,
    is_set_up,
    count(*) as students,
    min(text) as written,
    list(sourcedId) filter (where not is_before and not is_set_up) as keys
from said
group by all
