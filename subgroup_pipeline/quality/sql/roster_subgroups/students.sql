-- Leaves roster_student: the active students of these rosters, and of the rosters that they would replace
-- (`is_before`). Reads roster_column, control.run_delivery and raw.users.
create temp table roster_student as
with roster as (
    select
        delivery_id,
        delivery_id as read_id,
        false as is_before
    from warehouse.control.run_delivery
    where delivery_id in (select delivery_id from roster_column)
    union all
    select
        delivery_id,
        roster_delivery_id as read_id,
        true as is_before
    from warehouse.control.run_delivery
    where delivery_id in (select delivery_id from roster_column) and roster_delivery_id is not null
)

select
    r.delivery_id,
    r.read_id,
    r.is_before,
    u.sourcedId,
    u.metadata
from roster as r
inner join warehouse.raw.users as u on r.read_id = u.delivery_id
where {{ is_active_student('u.role', 'u.enabledUser', 'u.status') }}
