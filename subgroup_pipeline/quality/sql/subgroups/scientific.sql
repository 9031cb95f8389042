-- Of each file: rows whose key is in scientific notation and nobody's, and some of these keys. Reads
-- checks.file_key.
select
    delivery_id,
    cast(sum(n_rows) as bigint),
    first_keys(key)
from checks.file_key
where state = 'unknown' and {{ is_scientific('key') }}
group by all
