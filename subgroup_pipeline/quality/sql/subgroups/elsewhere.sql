-- For the files in question (`deliveries`): other districts and how many keys match one active student there,
-- the best first. checks.live_roster has every live roster with its own district's matching, the label that
-- roster_keys wants being the district. Reads control.run_delivery, checks.live_roster, checks.file_key and
-- raw.users.
with suspect as (
    select
        f.delivery_id,
        r.district_id,
        f.key
    from checks.file_key as f
    inner join warehouse.control.run_delivery as r on f.delivery_id = r.delivery_id
    where f.delivery_id in (select unnest({{ deliveries }}))
),

known as (
    {{ roster_keys('checks.live_roster') }}
)

select
    s.delivery_id,
    k.delivery_id as district_id,
    count(*) as n
from suspect as s
inner join known as k on s.key = k.key and s.district_id <> k.delivery_id and k.first_student = k.last_student
group by all
order by n desc, k.delivery_id asc
