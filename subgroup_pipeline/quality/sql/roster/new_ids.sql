-- Of each roster that would replace another one, active students who are gone and are there under another id,
-- by their name. A name counts when one student who is gone and one who is new have it: two of a name prove
-- nothing. Reads control.run_delivery and raw.users.
with {{ both_rosters(
    'users', 'lower(x.givenName) || chr(31) || lower(x.familyName) as name',
    is_active_student('x.role', 'x.enabledUser', 'x.status')
) }},

gone as (
    select
        delivery_id,
        name
    from was
    anti join now using (delivery_id, id)
    group by all
    having count(*) = 1
),

new as (
    select
        delivery_id,
        name
    from now
    anti join was using (delivery_id, id)
    group by all
    having count(*) = 1
)

select
    delivery_id,
    count(*)
from gone
inner join new using (delivery_id, name)
where name is not null
group by all
