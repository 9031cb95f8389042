-- Leaves checks.file_key, the distinct keys of the files of this run and whose they are; and checks.unmet_key,
-- students whom no key of the file meets. A key of two active students is `ambiguous`, one of nobody who is an
-- active student `inactive`. Reads checks.known_key, the keys of the rosters, and checks.subgroup_row.
create table checks.file_key as
with file as (
    select
        delivery_id,
        student_id as key,
        count(*) as n_rows
    from checks.subgroup_row
    where student_id is not null
    group by all
)

select
    f.delivery_id,
    f.key,
    f.n_rows,
    case
        when k.key is null then 'unknown'
        when k.first_student is null then 'inactive'
        when k.first_student <> k.last_student then 'ambiguous'
        else 'matched'
    end as state
from file as f
left join checks.known_key as k on f.delivery_id = k.delivery_id and f.key = k.key;

create table checks.unmet_key as
select
    k.delivery_id,
    k.key
from checks.known_key as k
anti join checks.file_key as f on k.delivery_id = f.delivery_id and k.key = f.key
where k.first_student = k.last_student
