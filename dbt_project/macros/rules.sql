{# Small rules that more than one model states. #}

{# A row of orgs, classes, courses or sessions counts unless a delta has marked it for deletion. #}
{% macro is_kept(status) -%}
    coalesce({{ status }}, '') <> 'tobedeleted'
{%- endmacro %}

{# A user or an enrollment counts only when its status is blank or active. #}
{% macro is_active_status(status) -%}
    coalesce({{ status }}, 'active') = 'active'
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
