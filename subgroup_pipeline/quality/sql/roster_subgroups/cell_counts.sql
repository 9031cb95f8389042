-- Leaves {{ cells.counts }} and {{ cells.replaced }}, which say of rosters what subgroups/cell_counts.sql says
-- of subgroup files. The flags of the roll-up count as values of their own; a student of whom the roster says
-- nothing is a blank row. Reads roster_student and roster_text.
create table {{ cells.replaced }} as
select
    delivery_id,
    any_value(read_id) as live_delivery_id
from roster_student
where is_before
group by delivery_id;

create table {{ cells.counts }} as
with filled as (
    select
        delivery_id,
        is_before,
        source_column,
        is_open,
        case when source_column = '{{ roll_up }}' then header else written end as cell,
        source_column = '{{ roll_up }}' or value is not null as is_known,
        case
            when source_column = '{{ roll_up }}' then header
            else coalesce(value, case when is_open then folded else 'not_reported' end)
        end as value,
        sum(students) as n
    from roster_text
    where source_column <> '{{ roll_up }}' or {{ truth_of('folded') }}
    group by all
),

roster as (
    select
        delivery_id,
        is_before,
        any_value(read_id) as read_id,
        count(*) as students
    from roster_student
    group by all
),

blank as (
    select
        f.delivery_id,
        f.is_before,
        f.source_column,
        any_value(f.is_open) as is_open,
        null as cell,
        false as is_known,
        'not_reported' as value,
        r.students - sum(f.n) as n
    from filled as f
    inner join roster as r on f.delivery_id = r.delivery_id and f.is_before = r.is_before
    where f.source_column <> '{{ roll_up }}'
    group by f.delivery_id, f.is_before, f.source_column, r.students
),

said as (
    from filled
    union all
    from blank
)

select
    r.read_id as delivery_id,
    c.source_column,
    c.is_open,
    c.cell,
    c.is_known,
    c.value,
    cast(c.n as bigint) as n
from said as c
inner join roster as r on c.delivery_id = r.delivery_id and c.is_before = r.is_before
