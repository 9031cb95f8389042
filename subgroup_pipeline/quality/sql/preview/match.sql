-- Of each side that has a subgroup file: its distinct ids, and those that are of one active student. Reads
-- preview_key.
select
    delivery_id,
    count(*),
    count(*) filter (where is_matched)
from preview_key
group by delivery_id
