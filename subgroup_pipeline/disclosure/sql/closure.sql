-- The cell that each sum of one kind needs hidden too, where what is hidden since a round can be worked out from it.
-- A sum is safe when at least two of its cells are hidden, or none, and when those that are hidden together, where the
-- total is seen, are no small group either.
insert into hidden_cell
with fresh as (
    select key
    from hidden_cell
    where round > $since
),

touched as (
    select distinct term.total_key, term.part
    from term
    where kind = $kind and (key in (select key from fresh) or total_key in (select key from fresh))
),

seen as (
    select
        term.*,
        own.key is not null as is_hidden,
        total.key is not null as total_is_hidden
    from term
    inner join touched using (total_key, part)
    left join hidden_cell as own on term.key = own.key
    left join hidden_cell as total on term.total_key = total.key
    where kind = $kind
),

unsafe as (
    select total_key, part, any_value(total_is_hidden) as total_is_hidden
    from seen
    group by total_key, part
    having case
        when any_value(total_is_hidden) then count(*) filter (is_hidden) = 0
        else
            count(*) filter (is_hidden) = 1
            or sum(student_count) filter (is_hidden) < any_value(minimum_count)
    end
),

given as (
    select key
    from sole
    where total_key not in (select key from hidden_cell)
),

choice as (
    select total_key, part, key, if(key in (select key from given), 2, 0) as turn
    from seen
    inner join unsafe using (total_key, part)
    where not is_hidden
    union all
    select total_key, part, total_key as key, if($kind = 'row', 3, 1) as turn
    from unsafe
    where not total_is_hidden
),

ordered as (
    select
        choice.*,
        row_number() over (
            partition by choice.total_key, part
            order by turn, not cell.was_hidden, cell.student_count = 0, cell.student_count, key
        ) as place_in_order
    from choice
    inner join cell using (key)
)

select key, case $kind when 'line' then 'pair' when 'twin' then 'containment' else $kind end as reason, $round as round
from ordered
where place_in_order = 1
group by key
