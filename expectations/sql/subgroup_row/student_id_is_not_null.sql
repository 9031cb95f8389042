-- Counts rows without a student_id. They have no key to find their lines by.
select
    delivery_id,
    count(*) as n,
    cast([] as varchar[]) as keys
from {{ batch }}
where student_id is null
group by delivery_id
