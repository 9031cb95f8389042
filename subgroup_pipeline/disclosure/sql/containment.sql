-- A cell that differs from the one of the place around it by a small group, where both are seen.
insert into hidden_cell
select distinct key, 'containment' as reason, $round as round
from contained
where key not in (select key from hidden_cell) and around_key not in (select key from hidden_cell)
