{# DuckDB's spelling of functions of maps, lists and row numbers; what each means stands in engine/maps.sql. #}

{% macro duckdb__map_value(map, key) -%}
    {{ map }}[{{ key }}]
{%- endmacro %}

{% macro duckdb__map_has(map, key) -%}
    map_contains({{ map }}, {{ key }})
{%- endmacro %}

{% macro duckdb__sorted_list_of(expression) -%}
    list({{ expression }} order by {{ expression }})
{%- endmacro %}

{% macro duckdb__empty_text_list() -%}
    cast([] as varchar[])
{%- endmacro %}

{% macro duckdb__map_of(key, value) -%}
    map_from_entries(list_sort(list({'key': {{ key }}, 'value': {{ value }}})))
{%- endmacro %}

{% macro duckdb__empty_text_map() -%}
    cast(map() as map(varchar, varchar))
{%- endmacro %}

{% macro duckdb__row_key() -%}
    cast(row_number() over () as integer)
{%- endmacro %}

{% macro duckdb__map_as_list(map) -%}
    list_sort(list_transform(
        map_entries({{ map }}),
        lambda cell: cell.key || chr(31) || coalesce(cell.value, '')
    ))
{%- endmacro %}

{% macro duckdb__joined_text_of(text, order) -%}
    string_agg({{ text }}, ', ' order by {{ order }})
{%- endmacro %}
