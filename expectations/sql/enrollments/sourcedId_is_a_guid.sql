-- Counts rows whose sourcedId is longer than OneRoster allows, has a space or is not plain ASCII. Nothing
-- refers to it.
select
    delivery_id,
    count(*) as n,
    first_keys(sourcedId) as keys
from {{ batch }}
where strlen(sourcedId) > 255 or strlen(sourcedId) <> length(sourcedId) or contains(sourcedId, ' ')
group by delivery_id
