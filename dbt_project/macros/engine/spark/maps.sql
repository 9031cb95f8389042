{# Spark's spelling of functions of maps, lists and row numbers; what each means stands in engine/maps.sql. #}

{% macro spark__map_value(map, key) -%}
    try_element_at({{ map }}, {{ key }})
{%- endmacro %}

{% macro spark__map_has(map, key) -%}
    array_contains(map_keys({{ map }}), {{ key }})
{%- endmacro %}

{# collect_list leaves nulls out; in a struct they stay. #}
{% macro spark__sorted_list_of(expression) -%}
    transform(
        array_sort(collect_list(named_struct('is_null', {{ expression }} is null, 'value', {{ expression }}))),
        item -> item.value
    )
{%- endmacro %}

{% macro spark__empty_text_list() -%}
    cast(array() as array<string>)
{%- endmacro %}

{% macro spark__map_of(key, value) -%}
    map_from_entries(array_sort(collect_list(struct({{ key }}, {{ value }}))))
{%- endmacro %}

{% macro spark__empty_text_map() -%}
    cast(map() as map<string, string>)
{%- endmacro %}

{# Numbers that leave gaps, so that no single worker has to count all rows. #}
{% macro spark__row_key() -%}
    monotonically_increasing_id()
{%- endmacro %}

{% macro spark__map_as_list(map) -%}
    array_sort(transform(map_entries({{ map }}), cell -> cell.key || chr(31) || coalesce(cell.value, '')))
{%- endmacro %}

{% macro spark__joined_text_of(text, order) -%}
    array_join(
        transform(array_sort(collect_list(named_struct('place', {{ order }}, 'text', {{ text }}))), item -> item.text), ', '
    )
{%- endmacro %}
