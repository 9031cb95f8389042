-- Of each roster: whether a session that can be used says the school year, and whether one says when it ends
-- (`as_of: roster` counts on its eve). Reads control.run_delivery and checks.academic_sessions.
select
    r.delivery_id,
    count(s.schoolYear) > 0,
    bool_or(lower(s.type) = 'schoolyear') is true
from warehouse.control.run_delivery as r
left join checks.academic_sessions as s on r.delivery_id = s.delivery_id and s.counts and s.fault is null
where r.feed = 'roster'
group by all
