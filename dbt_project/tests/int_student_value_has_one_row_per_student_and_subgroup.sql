-- The grain of fct_student_subgroup too, by the keys of the run. That no row was lost or added on the way to the fact
-- is what every_active_student_has_a_value_for_every_subgroup counts.
with twice as (
    select
        has.student_key,
        value.subgroup_key,
        count(*) as row_count
    from {{ ref('int_student_value') }} as has
    inner join {{ ref('int_subgroup_value') }} as value
        on has.value_key = value.value_key
    group by has.student_key, value.subgroup_key
    having count(*) > 1
)

select distinct student.district_id
from twice
inner join {{ ref('int_student') }} as student
    on twice.student_key = student.student_key
