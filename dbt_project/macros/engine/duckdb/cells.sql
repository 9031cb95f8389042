{# DuckDB's spelling of the cells of the history; what each means stands in engine/cells.sql. #}

{% macro duckdb__cells_of_sources(source, cell, has_cell, window) -%}
    string_agg(
        case when {{ has_cell }} then {{ cell_of_source(source, cell) }} end, chr(31)
        order by {{ source }}
    ) over ({{ window }})
{%- endmacro %}

{% macro duckdb__text_of_source(cells, source) -%}
    substr(
        list_filter(string_split({{ cells }}, chr(31)), lambda part: starts_with(part, {{ source }} || ':'))[1],
        length({{ source }}) + 2
    )
{%- endmacro %}
