-- By file and difference: students whom the keys would meet, some of the keys, and the width up to which zeros
-- are missing. Reads checks.likely_key.
select
    delivery_id,
    differences,
    count(distinct student_key),
    first_keys(key),
    width
from checks.likely_key
group by all
order by all
