-- Of each file: rows, and rows without a student_id. Reads checks.subgroup_row.
select
    delivery_id,
    count(*),
    count(*) filter (where student_id is null)
from checks.subgroup_row
group by all
