-- By delivery and column: words that mean blank (`words`) and are a group of an open column: the word,
-- its cells, and how they are written. Reads {{ cells.counts }}.
with words as (
    select unnest({{ words }}) as written
)

select
    c.delivery_id,
    c.source_column,
    words.written,
    cast(sum(c.n) as bigint),
    list(c.cell)
from {{ cells.counts }} as c
inner join words on lower(c.cell) = lower(words.written)
where c.is_open and not c.is_known
group by all
order by all
