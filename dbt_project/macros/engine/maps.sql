{# Functions of maps, lists and row numbers whose spelling depends on the engine. #}

{# The value of a key, or null when the map has no such key. #}
{% macro map_value(map, key) -%}
    {{ map }}[{{ key }}]
{%- endmacro %}

{% macro map_has(map, key) -%}
    map_contains({{ map }}, {{ key }})
{%- endmacro %}

{% macro sorted_list_of(expression) -%}
    list({{ expression }} order by {{ expression }})
{%- endmacro %}

{% macro empty_text_list() -%}
    cast([] as varchar[])
{%- endmacro %}

{% macro map_of(key, value) -%}
    map(list({{ key }} order by {{ key }}), list({{ value }} order by {{ key }}))
{%- endmacro %}

{% macro empty_text_map() -%}
    cast(map() as map(varchar, varchar))
{%- endmacro %}

{# A number for each row, in no particular order: a short key for this run only. #}
{% macro row_key() -%}
    cast(row_number() over () as integer)
{%- endmacro %}

{# The cells of a row as one list of texts, in the order of their names, to tell whether two rows say the same. #}
{% macro map_as_list(map) -%}
    list_sort(list_transform(
        map_entries({{ map }}),
        lambda cell: cell.key || chr(31) || coalesce(cell.value, '')
    ))
{%- endmacro %}

{# Texts of a group as one, in an order. #}
{% macro joined_text_of(text, order) -%}
    string_agg({{ text }}, ', ' order by {{ order }})
{%- endmacro %}
