-- Counts rows whose sourcedId another row of the file has too, but for rows that have a fault of their own. Reads
-- checks.key_of_{{ table }}.
select
    delivery_id,
    cast(sum(n_rows - n_faults) as bigint) as n,
    first_keys(sourcedId) as keys
from checks.key_of_{{ table }}
where n_rows > 1 and n_faults < n_rows
group by delivery_id
