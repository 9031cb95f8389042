-- By file and column: cells of closed columns that are not set up, how many different ones, and some. Reads
-- {{ cells.counts }}.
select
    delivery_id,
    source_column,
    cast(sum(n) as bigint),
    count(distinct lower(cell)),
    min(cell, 100)
from {{ cells.counts }}
where not is_open and not is_known and cell is not null
group by all
