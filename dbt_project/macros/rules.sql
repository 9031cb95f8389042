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

{# Keeps one of several raw rows with the same keys, always the same one. Checks upstream hold such deliveries, so there
   are hardly any: only they are sorted. #}
{% macro first_of(relation, keys, columns) -%}
    {%- set all = keys + columns -%}
    select {% for column in all %}one.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ relation }} as one
    left join (select {{ keys | join(', ') }} from {{ relation }} group by {{ keys | join(', ') }} having count(*) > 1)
        as repeated
        on {% for key in keys %}one.{{ key }} = repeated.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    where repeated.{{ keys[0] }} is null
    union all
    select {{ all | join(', ') }}
    from (
        select
            one.*,
            row_number() over (
                partition by {% for key in keys %}one.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
                order by {% for column in columns %}one.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            ) as row_no
        from {{ relation }} as one
        inner join (select {{ keys | join(', ') }} from {{ relation }} group by {{ keys | join(', ') }} having count(*) > 1)
            as repeated
            on {% for key in keys %}one.{{ key }} = repeated.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    ) as numbered
    where row_no = 1
{%- endmacro %}

{# The rows of a published model that this run has just built. #}
{% macro in_scope(relation) -%}
    (select * from {{ relation }} where district_id in (select district_id from {{ ref('stg_run_scope') }}))
{%- endmacro %}

{# A share is not rounded, and null where there is nobody. #}
{% macro share_of(part, total) -%}
    cast({{ part }} as double) / nullif({{ total }}, 0)
{%- endmacro %}
