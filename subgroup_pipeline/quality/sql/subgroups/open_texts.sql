-- By file and open column: cells whose text is not set up, how many different ones, and how many are student
-- IDs of the file. Reads {{ cells.counts }} and checks.file_key.
select
    c.delivery_id,
    c.source_column,
    cast(sum(c.n) as bigint),
    count(distinct c.cell),
    cast(coalesce(sum(c.n) filter (where f.key is not null), 0) as bigint)
from {{ cells.counts }} as c
left join checks.file_key as f on c.delivery_id = f.delivery_id and c.cell = f.key
where c.is_open and not c.is_known and c.cell is not null
group by all
