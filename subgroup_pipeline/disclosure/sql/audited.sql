-- Leaves audited: the cells of every district and month that is worked out tonight, with what the audit asks of them.
-- piece numbers these districts and months; place, line and about number places, the subgroups of each, and subgroups.
create or replace temp table audited as
with piece as (
    select
        district_id,
        month,
        row_number() over (order by district_id, month nulls first) - 1 as piece
    from cell
    where not is_carried and not is_proved
    group by district_id, month
)

select
    piece.piece,
    cell.*,
    privacy.minimum_count,
    case when privacy.shows_zero then 1 else 0 end as least,
    cell.subgroup = 'all_students' as is_total,
    dense_rank() over (
        order by piece.piece, cell.level, cell.school_id nulls first, cell.course_id nulls first
    ) as place,
    dense_rank() over (
        order by
            piece.piece, cell.level, cell.school_id nulls first, cell.course_id nulls first, cell.subgroup,
            cell.with_subgroup nulls first
    ) as line,
    dense_rank() over (order by piece.piece, cell.subgroup, cell.with_subgroup nulls first) as about
from cell
inner join piece
    on cell.district_id = piece.district_id and cell.month is not distinct from piece.month
inner join privacy
    on cell.district_id = privacy.district_id
