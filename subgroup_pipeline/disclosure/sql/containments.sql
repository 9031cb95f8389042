-- Leaves containment: a cell (part) that counts some of the students of another one (whole), at two levels.
create or replace temp table containment as
with levels (part_level, whole_level) as (
    values ('school', 'district'), ('course', 'school'), ('course', 'district')
)

select
    part.piece,
    part.key as part,
    whole.key as whole,
    whole.school_id,
    levels.part_level,
    levels.whole_level,
    part.student_count as of_part,
    whole.student_count as of_whole,
    whole.minimum_count
from levels
inner join audited as part
    on levels.part_level = part.level
inner join audited as whole
    on levels.whole_level = whole.level
    and part.piece = whole.piece
    and (levels.whole_level = 'district' or part.school_id = whole.school_id)
    and part.subgroup = whole.subgroup
    and part.value = whole.value
    and part.with_subgroup is not distinct from whole.with_subgroup
    and part.with_value is not distinct from whole.with_value
