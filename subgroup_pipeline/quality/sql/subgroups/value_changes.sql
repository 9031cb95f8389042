-- Every value of every column that a delivery and the live one which it would replace both have, with its rows
-- then and now. What moved by few students only is left out here already, as long as it did not
-- vanish. Values of the settings are named as the files write them, texts of open columns are counted only.
-- Reads {{ cells.counts }} and {{ cells.replaced }}.
with total as (
    select
        delivery_id,
        source_column,
        sum(n) as n
    from {{ cells.counts }}
    group by all
),

pair as (
    select
        l.delivery_id,
        l.live_delivery_id,
        t.source_column,
        w.n as rows_before,
        t.n as rows_now
    from {{ cells.replaced }} as l
    inner join total as t on l.delivery_id = t.delivery_id
    inner join total as w on l.live_delivery_id = w.delivery_id and t.source_column = w.source_column
),

part as (
    select
        p.delivery_id,
        p.source_column,
        c.is_open,
        c.value,
        c.cell,
        c.cell is null as is_blank,
        c.is_known,
        c.delivery_id = p.delivery_id as is_now,
        c.n
    from pair as p
    inner join {{ cells.counts }} as c
        on p.source_column = c.source_column and c.delivery_id in (p.delivery_id, p.live_delivery_id)
),

changed as (
    select
        delivery_id,
        source_column,
        is_open,
        value,
        false as is_blank,
        bool_or(is_known) as is_known,
        list_sort(list(distinct cell) filter (where is_known)) as written,
        coalesce(sum(n) filter (where not is_now), 0) as before,
        coalesce(sum(n) filter (where is_now), 0) as now
    from part
    group by delivery_id, source_column, is_open, value
    union all
    select
        delivery_id,
        source_column,
        is_open,
        null as value,
        true as is_blank,
        false as is_known,
        null as written,
        coalesce(sum(n) filter (where not is_now), 0) as before,
        coalesce(sum(n) filter (where is_now), 0) as now
    from part
    where is_blank
    group by delivery_id, source_column, is_open
)

select
    delivery_id,
    source_column,
    c.is_open,
    c.is_blank,
    c.is_known,
    c.value,
    case when not c.is_open then c.written end,
    cast(c.before as bigint),
    cast(p.rows_before as bigint),
    cast(c.now as bigint),
    cast(p.rows_now as bigint)
from changed as c
inner join pair as p using (delivery_id, source_column)
where abs(c.now - c.before * p.rows_now / p.rows_before) > {{ few }} or (c.now = 0 and c.is_known)
order by all
