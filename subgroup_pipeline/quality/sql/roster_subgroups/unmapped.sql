-- By roster, file and column: students with a text that is not set up. Reads roster_text.
select
    delivery_id,
    file_name,
    case when source_column = '{{ roll_up }}' then header else source_column end as written,
    cast(sum(students) as bigint),
    keys_of_groups(keys)
from roster_text
where not is_before and not is_set_up
group by all
order by all
