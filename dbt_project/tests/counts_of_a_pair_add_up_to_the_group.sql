-- By place and group: over the values of another subgroup, students and students with a score add up to the group's.
with paired as (
    select
        pair.school_key,
        pair.value_key,
        other.subgroup_key,
        sum(pair.student_count) as student_count,
        sum(pair.scored_students) as scored_students
    from {{ ref('int_subgroup_pair') }} as pair
    inner join {{ ref('int_subgroup_value') }} as other
        on pair.with_value_key = other.value_key
    group by pair.school_key, pair.value_key, other.subgroup_key
)

select
    counted.district_id,
    paired.*,
    counted.student_count as students_of_group
from paired
inner join {{ ref('int_subgroup_count') }} as counted
    on paired.value_key = counted.value_key
    and paired.school_key is not distinct from counted.school_key
    and counted.course_key is null
where
    paired.student_count <> counted.student_count
    or paired.scored_students <> counted.scored_students
