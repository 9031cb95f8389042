-- By file and column: cells that are an error or a date of Excel, how many different ones, and some. Reads
-- {{ cells.counts }}.
select
    delivery_id,
    source_column,
    cast(sum(n) as bigint),
    count(distinct cell),
    min(cell, 100)
from {{ cells.counts }}
where not is_known and {{ is_excel_wreck('cell') }}
group by all
