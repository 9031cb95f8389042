-- Counts rows that count and lack a required value, or whose dates are not of the school year (the year in
-- which it ends).
{% set is_other_year -%}
    schoolYear is not null and (
        not {{ is_year('schoolYear') }}
        or year({{ date_of('startDate') }}) not between try_cast(schoolYear as integer) - 1 and try_cast(schoolYear as integer)
        or year({{ date_of('endDate') }}) not between try_cast(schoolYear as integer) - 1 and try_cast(schoolYear as integer)
    )
{%- endset %}
{% set only = 'counts' %}
{% set faults = [
    ('REQ101 title', 'title is null'),
    ('REQ101 schoolYear', 'schoolYear is null'),
    ('DAT305 schoolYear', is_other_year),
] %}
