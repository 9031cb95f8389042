-- Who sits in which class on as_of. Several rows of one student in one class are one, from the first begin to the last
-- end; an open end wins.
select
    student_key,
    class_key,
    case when count(begin_date) = count(*) then min(begin_date) end as begin_date,
    case when count(end_date) = count(*) then max(end_date) end as end_date
from {{ ref('int_seat') }}
where rule is null
group by student_key, class_key
