-- What is hidden whatever else is: small groups, and whatever is in a place of few students. Fills hidden_cell from
-- cell.
insert into hidden_cell
select
    key,
    case
        when place is null or place.student_count < privacy.minimum_count then 'small_entity'
        when cell.student_count = 0 then 'zero'
        when cell.student_count < privacy.minimum_count then 'primary'
        when
            cell.with_subgroup is null
            and cell.total_students - cell.student_count between 1 and privacy.minimum_count - 1
            then 'complement_of_total'
        else 'earlier_release'
    end as reason,
    0 as round
from cell
inner join privacy using (district_id)
left join placed using (key)
left join place using (place)
where
    not cell.is_carried
    and (
        place is null
        or place.student_count < privacy.minimum_count
        or (cell.student_count = 0 and not privacy.shows_zero)
        or cell.student_count between 1 and privacy.minimum_count - 1
        or (
            cell.with_subgroup is null
            and cell.total_students - cell.student_count between 1 and privacy.minimum_count - 1
        )
        -- Shown now, it would show what the last release hid.
        or (cell.was_hidden and cell.is_unchanged)
        or (
            cell.was_hidden
            and cell.student_count between 1 and privacy.minimum_count + $margin - 1
            and cell.student_count < cell.total_students
        )
    )
