-- Counted and summed, not joined: the rows are as many as all values of all students.
with published as (
    select
        district_id,
        count(*) as value_count,
        sum(hash(student_id, subgroup, value)) as fingerprint
    from {{ in_scope(ref('fct_student_subgroup')) }}
    group by district_id
),

newest as (
    select
        district_id,
        count(*) as value_count,
        sum(hash(student_id, subgroup, value)) as fingerprint
    from {{ in_scope(ref('fct_student_subgroup_history')) }}
    where is_current
    group by district_id
)

select coalesce(published.district_id, newest.district_id) as district_id
from published
full outer join newest
    on published.district_id = newest.district_id
where
    published.value_count is distinct from newest.value_count
    or published.fingerprint is distinct from newest.fingerprint
