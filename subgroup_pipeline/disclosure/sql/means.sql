-- Leaves term and hidden_cell as they are for means: the sums are of students who have a score. A place without scores
-- has none. Reads what terms.sql leaves, and cell.
create or replace temp table contained as
select key, around_key
from contained
where false;

create or replace temp table term as
select term.kind, term.total_key, term.part, term.key, cell.scored_students as student_count, term.minimum_count
from term
inner join cell on term.key = cell.key
inner join cell as total on term.total_key = total.key
where cell.scored_students > 0 and total.scored_students > 0;

create or replace temp table sole as
select any_value(key) as key, total_key
from term
where kind in ('row', 'line')
group by kind, total_key, part
having count(*) = 1;

create or replace temp table hidden_cell as
select cell.key, 'mean' as reason, 0 as round
from cell
inner join privacy using (district_id)
where
    not cell.is_carried
    and cell.scored_students > 0
    and (cell.hidden or cell.scored_students < privacy.minimum_count);
