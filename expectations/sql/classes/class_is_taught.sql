-- Counts classes that count and begin after today (ENR104), have no student (ENR105) or have no teacher (ENR106).
-- A class begins with the first of its terms. Reads checks.academic_sessions and checks.enrollments.
with term as (
    select
        delivery_id,
        sourcedId,
        {{ date_of('startDate') }} as first_day
    from checks.academic_sessions
    where counts and {{ date_of('startDate') }} is not null
),

terms_of_classes as (
    select distinct
        delivery_id,
        termSourcedIds as cell
    from {{ batch }}
    where termSourcedIds is not null
),

member as (
    select
        delivery_id,
        cell,
        {{ members_of('cell') }} as id
    from terms_of_classes
),

begins as (
    select
        m.delivery_id,
        m.cell,
        min(t.first_day) as first_day
    from member as m
    inner join term as t on m.delivery_id = t.delivery_id and {{ trimmed('m.id') }} = t.sourcedId
    group by all
),

live as (
    select
        delivery_id,
        sourcedId,
        termSourcedIds,
        cast(landed_at as date) as today
    from {{ batch }}
    where sourcedId is not null and counts
),

seat as (
    select
        delivery_id,
        classSourcedId,
        lower(role) as role
    from checks.enrollments
    where counts
)

select
    c.delivery_id,
    'ENR104' as code,
    count(*) as n,
    first_keys(c.sourcedId) as keys
from live as c
inner join begins as b on c.delivery_id = b.delivery_id and c.termSourcedIds = b.cell
where b.first_day > c.today
group by c.delivery_id
{% for code, role in [('ENR105', 'student'), ('ENR106', 'teacher')] -%}
union all
select
    c.delivery_id,
    '{{ code }}' as code,
    count(*) as n,
    first_keys(c.sourcedId) as keys
from live as c
anti join seat as s on c.delivery_id = s.delivery_id and c.sourcedId = s.classSourcedId and s.role = '{{ role }}'
group by c.delivery_id
{% endfor %}
