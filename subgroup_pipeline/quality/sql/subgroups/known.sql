-- By file and column: the texts that are set up, as the file writes them. Reads {{ cells.counts }}.
select
    delivery_id,
    source_column,
    min(cell)
from {{ cells.counts }}
where is_known
group by delivery_id, source_column, lower(cell)
