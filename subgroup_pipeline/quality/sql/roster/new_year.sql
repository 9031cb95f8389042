-- Rosters with a later school year than the one that they would replace. Reads control.run_delivery,
-- raw.academic_sessions.
{% macro last_year(delivery) -%}
    (
        select max(try_cast(s.schoolYear as integer))
        from warehouse.raw.academic_sessions as s
        where s.delivery_id = {{ delivery }}
    )
{%- endmacro %}
select r.delivery_id
from warehouse.control.run_delivery as r
where r.feed = 'roster' and {{ last_year('r.delivery_id') }} > {{ last_year('r.roster_delivery_id') }}
