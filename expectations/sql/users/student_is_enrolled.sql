-- Counts active students who are in no class. Reads checks.enrollments.
select
    u.delivery_id,
    count(*) as n,
    first_keys(u.sourcedId) as keys
from {{ batch }} as u
anti join checks.enrollments as e
    on u.delivery_id = e.delivery_id and u.sourcedId = e.userSourcedId and e.counts
where u.sourcedId is not null and {{ is_active_student('u.role', 'u.enabledUser', 'u.status') }}
group by u.delivery_id
