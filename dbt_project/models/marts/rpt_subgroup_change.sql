-- How many students went from one value to another at each build; null is not being active. Where the record of a
-- subgroup begins later than that of a student, the student did not become active then, and nothing is said.
with history as (
    select * from {{ in_scope(ref('fct_student_subgroup_history')) }}
),

ended as (
    select *
    from history
    where valid_to is not null
),

active as (
    select
        district_id,
        student_id,
        valid_from
    from history
    where subgroup = 'all_students'
),

steps as (
    select
        coalesce(after.district_id, before.district_id) as district_id,
        coalesce(after.student_id, before.student_id) as student_id,
        coalesce(after.subgroup, before.subgroup) as subgroup,
        coalesce(after.valid_from, before.valid_to) as effective_at,
        before.value as from_value,
        after.value as to_value
    from history as after
    full outer join ended as before
        on after.district_id = before.district_id and after.student_id = before.student_id
        and after.subgroup = before.subgroup and after.valid_from = before.valid_to
)

select
    steps.district_id,
    steps.effective_at,
    steps.subgroup,
    steps.from_value,
    steps.to_value,
    count(*) as student_count
from steps
left join active
    on steps.district_id = active.district_id and steps.student_id = active.student_id
    and steps.effective_at = active.valid_from
where steps.from_value is not null or active.student_id is not null
group by steps.district_id, steps.effective_at, steps.subgroup, steps.from_value, steps.to_value
