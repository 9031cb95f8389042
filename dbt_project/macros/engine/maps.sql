{# Functions of maps, lists and row numbers whose spelling depends on the engine. #}

{# The value of a key, or null when the map has no such key. #}
{% macro map_value(map, key) -%}
    {{ adapter.dispatch('map_value', 'subgroups')(map, key) }}
{%- endmacro %}

{% macro map_has(map, key) -%}
    {{ adapter.dispatch('map_has', 'subgroups')(map, key) }}
{%- endmacro %}

{% macro sorted_list_of(expression) -%}
    {{ adapter.dispatch('sorted_list_of', 'subgroups')(expression) }}
{%- endmacro %}

{% macro empty_text_list() -%}
    {{ adapter.dispatch('empty_text_list', 'subgroups')() }}
{%- endmacro %}

{% macro map_of(key, value) -%}
    {{ adapter.dispatch('map_of', 'subgroups')(key, value) }}
{%- endmacro %}

{% macro empty_text_map() -%}
    {{ adapter.dispatch('empty_text_map', 'subgroups')() }}
{%- endmacro %}

{# A number for each row, in no particular order: a short key for this run only. #}
{% macro row_key() -%}
    {{ adapter.dispatch('row_key', 'subgroups')() }}
{%- endmacro %}

{# The cells of a row as one list of texts, in the order of their names, to tell whether two rows say the same. #}
{% macro map_as_list(map) -%}
    {{ adapter.dispatch('map_as_list', 'subgroups')(map) }}
{%- endmacro %}

{# Texts of a group as one, in an order. #}
{% macro joined_text_of(text, order) -%}
    {{ adapter.dispatch('joined_text_of', 'subgroups')(text, order) }}
{%- endmacro %}
