-- Leaves checks.other_field: the fields of users.csv that `matches` could name instead, for the rosters of the
-- deliveries in question (`deliveries`). roster_keys wants one label per roster and field. Reads
-- control.run_delivery and raw.users.
create table checks.other_field as
with named as (
    select
        r.delivery_id,
        r.roster_delivery_id,
        r.match_field,
        unnest(list_concat(
            ['users.sourcedId', 'users.identifier', 'users.username'],
            list_transform({{ types_of_user_ids('u.userIds') }}, lambda kind: 'userIds:' || kind),
            list_transform(map_keys(u.metadata), lambda name: 'metadata.' || name)
        )) as field
    from warehouse.control.run_delivery as r
    inner join warehouse.raw.users as u on r.roster_delivery_id = u.delivery_id
    where r.delivery_id in (select unnest({{ deliveries }}))
)

select distinct
    delivery_id || ' ' || field as delivery_id,
    roster_delivery_id,
    field as match_field,
    delivery_id as file_id
from named
where field <> coalesce(match_field, 'users.sourcedId')
