-- Counts rows that are above themselves, rows whose parent is not in the file, and schools (that count) which
-- do not have exactly one organisation of type district above them.
with recursive {{ ancestors(batch) }},

top as (
    select
        u.delivery_id,
        u.start,
        count(distinct d.sourcedId) as n
    from up as u
    inner join {{ batch }} as d
        on u.delivery_id = d.delivery_id and u.above = d.sourcedId and lower(d.type) = 'district'
    group by all
)

select
    s.delivery_id,
    'REF113' as code,
    count(*) as n,
    first_keys(s.sourcedId) as keys
from {{ batch }} as s
left join top as t on s.delivery_id = t.delivery_id and s.sourcedId = t.start
where lower(s.type) = 'school' and s.counts and coalesce(t.n, 0) <> 1
group by s.delivery_id
union all
{{ rings_and_orphans(batch) }}
