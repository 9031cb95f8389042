-- By file and other field: distinct keys of the file that are those of one active student there; the best fit
-- comes last. Reads checks.other_field, checks.file_key and raw.users.
with key as (
    {{ roster_keys('checks.other_field') }}
)

select
    o.file_id,
    o.match_field,
    count(*) as n
from checks.other_field as o
inner join key as k on o.delivery_id = k.delivery_id
inner join checks.file_key as f on o.file_id = f.delivery_id and k.key = f.key
where k.first_student = k.last_student
group by all
order by n asc, o.match_field desc
