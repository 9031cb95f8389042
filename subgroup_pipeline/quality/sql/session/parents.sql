-- Leaves checks.key_of_<table>: the rows of each file by their key, once for all rules that ask for a key: how many
-- rows have it, how many of these have a fault of their own, and what the rows that name it ask: whether the models
-- leave it out (for a fault, as one of two rows with one key, or with its school), and whether it counts no more.
{% macro by_key(table) -%}
create table checks.key_of_{{ table }} as
select
    r.delivery_id,
    r.sourcedId,
    count(*) as n_rows,
    count(r.fault) as n_faults{{ caller() }}where r.sourcedId is not null
group by all;
{%- endmacro %}

{% call by_key('orgs') %},
    bool_or(lower(r.type) = 'school' and not r.is_marked_gone) as is_school,
    count(*) > 1 or count(r.fault) > 0 as is_set_aside
from checks.orgs as r
{% endcall %}

{% call by_key('academic_sessions') %},
    bool_or(lower(r.type) = 'schoolyear') as is_school_year,
    bool_or(lower(r.type) is distinct from 'schoolyear') as is_period
from checks.academic_sessions as r
{% endcall %}

{% call by_key('courses') %}
from checks.courses as r
{% endcall %}

{% call by_key('classes') %},
    bool_and(r.is_marked_gone) as is_gone,
    any_value(r.schoolSourcedId) as schoolSourcedId,
    count(*) > 1 or count(r.fault) > 0 or bool_or(r.counts and coalesce(s.is_set_aside, true)) as is_set_aside
from checks.classes as r
left join checks.key_of_orgs as s on r.delivery_id = s.delivery_id and r.schoolSourcedId = s.sourcedId and s.is_school
{% endcall %}

{% call by_key('users') %},
    count(*) > 1 or count(r.fault) > 0 as is_set_aside,
    bool_and(r.is_marked_gone or {{ truth_of('r.enabledUser') }} is not distinct from false) as is_gone,
    bool_or(lower(r.role) = 'student') as is_student,
    bool_or({{ is_staff('r.role') }}) as is_staff
from checks.users as r
{% endcall %}

{% call by_key('demographics') %}
from checks.demographics as r
{% endcall %}

{% call by_key('line_items') %},
    any_value(r.classSourcedId) as classSourcedId,
    any_value({{ number_of('r.resultValueMin') }}) as lowest,
    any_value({{ number_of('r.resultValueMax') }}) as highest,
    bool_and(r.is_marked_gone or coalesce(k.is_gone, false)) as is_gone,
    count(*) > 1 or count(r.fault) > 0 or bool_or(r.counts and coalesce(k.is_set_aside, true)) as is_set_aside
from checks.line_items as r
left join checks.key_of_classes as k on r.delivery_id = k.delivery_id and r.classSourcedId = k.sourcedId
{% endcall %}
