{# Small rules that more than one model states. #}

{# A row of orgs, classes, courses or sessions counts unless a delta has marked it for deletion. #}
{% macro is_kept(status) -%}
    coalesce({{ status }}, '') <> 'tobedeleted'
{%- endmacro %}

{# A user or an enrollment counts only when its status is blank or active. #}
{% macro is_active_status(status) -%}
    coalesce({{ status }}, 'active') = 'active'
{%- endmacro %}

{# The value of a cell: a blank one takes the column's blank value, a text what it means, and what nobody knows is absent. #}
{% macro value_of_cell(cell, texts) -%}
    case
        when {{ cell }}.has_cell and {{ cell }}.cell is null then {{ cell }}.blank_value_key
        else coalesce({{ texts }}.value_key, {{ cell }}.absent_value_key)
    end
{%- endmacro %}

{# The federal roll-up of one student's flags: Hispanic/Latino wins, then two or more races, then the single race.
   Only `true` counts, in any case; without any it is null. #}
{% macro race_ethnicity_of(row) -%}
    {%- set races = [
        'american_indian_or_alaska_native', 'asian', 'black_or_african_american',
        'native_hawaiian_or_other_pacific_islander', 'white'
    ] -%}
    case
        when lower({{ trimmed(row ~ '.hispanic_or_latino') }}) = 'true' then 'hispanic_or_latino'
        when
            lower({{ trimmed(row ~ '.two_or_more_races') }}) = 'true'
            or {% for race in races -%}
                case when lower({{ trimmed(row ~ '.' ~ race) }}) = 'true' then 1 else 0 end{{ ' + ' if not loop.last }}
            {%- endfor %} > 1
            then 'two_or_more_races'
        {% for race in races -%}
        when lower({{ trimmed(row ~ '.' ~ race) }}) = 'true' then '{{ race }}'
        {% endfor -%}
    end
{%- endmacro %}

{# not_reported -> Not reported #}
{% macro label_of(name) -%}
    upper(left({{ name }}, 1)) || replace(substr({{ name }}, 2), '_', ' ')
{%- endmacro %}

{# The finding code of a row whose key cannot be used; expectations/*.json give the same codes (tests hold both together). #}
{% macro key_fault(key) -%}
    when {{ trimmed(key) }} is null then 'KEY001'
    when not ({{ is_guid(key) }}) then 'KEY003'
{%- endmacro %}

{# Of two unreadable or unordered dates of a row. A session must last a day, an enrollment may end on the day it begins. #}
{% macro date_fault(first, last, may_be_blank, order) -%}
    {%- if may_be_blank %}
    when {{ trimmed(first) }} is not null and {{ date_of(trimmed(first)) }} is null then 'DAT301'
    when {{ trimmed(last) }} is not null and {{ date_of(trimmed(last)) }} is null then 'DAT301'
    {%- else %}
    when {{ date_of(trimmed(first)) }} is null or {{ date_of(trimmed(last)) }} is null then 'DAT301'
    {%- endif %}
    when {{ date_of(trimmed(last)) }} {{ order }} {{ date_of(trimmed(first)) }} then 'DAT302'
{%- endmacro %}

{# The rows of a staged file that int_row_set_aside leaves, by the file's key. #}
{% macro not_set_aside(table_name, alias, key) -%}
    not exists (
        select 1
        from {{ ref('int_row_set_aside') }} as aside
        where
            aside.table_name = '{{ table_name }}'
            and aside.district_id = {{ alias }}.district_id
            and aside.row_id = {{ alias }}.{{ key }}
    )
{%- endmacro %}

{# The rows of a published model that this run has just built. #}
{% macro in_scope(relation) -%}
    (select * from {{ relation }} where district_id in (select district_id from {{ ref('stg_run_scope') }}))
{%- endmacro %}

{# A share is not rounded, and null where there is nobody. #}
{% macro share_of(part, total) -%}
    cast({{ part }} as double) / nullif({{ total }}, 0)
{%- endmacro %}

{# Students of an entity whose value means being in the subgroup, on each of its rows; null where no value says so. #}
{% macro member_count_of(entity) -%}
    cast(
        sum(case when value.is_member then counts.student_count when not value.is_member then 0 end)
            over (partition by {{ entity }}, value.subgroup_key)
        as bigint
    )
{%- endmacro %}

{#- Active students by the number that a subgroup file names them by; a number that two of them have is nobody's. -#}
{% macro students_by_number() -%}
    select
        district_id,
        student_number,
        min(student_key) as student_key
    from {{ ref('int_student') }}
    where is_active and student_number is not null
    group by district_id, student_number
    having count(*) = 1
{%- endmacro %}
