{# Where a source is read: a table of the warehouse, or, on an engine without one, an export (docs/scaling.md). #}
{% macro source(source_name, table_name) -%}
    {{ return(adapter.dispatch('source_relation', 'subgroups')(source_name, table_name)) }}
{%- endmacro %}

{% macro duckdb__source_relation(source_name, table_name) -%}
    {{ return(builtins.source(source_name, table_name)) }}
{%- endmacro %}
