-- Of each file: some of the students whom no key of it meets, in whatever writing. Reads checks.unmet_key,
-- checks.likely_key.
select
    k.delivery_id,
    first_keys(k.key)
from checks.unmet_key as k
anti join checks.likely_key as l on k.delivery_id = l.delivery_id and k.key = l.student_key
group by all
