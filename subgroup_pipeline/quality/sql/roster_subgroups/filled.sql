-- By roster and column: students of whom it says something, now and before; of the flags of the roll-up only
-- yes does. Reads roster_text.
select
    delivery_id,
    source_column,
    cast(coalesce(sum(students) filter (where not is_before), 0) as bigint),
    cast(coalesce(sum(students) filter (where is_before), 0) as bigint)
from roster_text
where source_column <> '{{ roll_up }}' or {{ truth_of('folded') }}
group by all
