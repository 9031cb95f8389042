{# Spark's spelling of the cells of the history; what each means stands in engine/cells.sql. A part begins with its source, so
   the order of the parts is that of the sources. #}

{% macro spark__cells_of_sources(source, cell, has_cell, window) -%}
    nullif(
        array_join(
            array_sort(
                collect_list(case when {{ has_cell }} then {{ cell_of_source(source, cell) }} end) over ({{ window }})
            ),
            chr(31)
        ),
        ''
    )
{%- endmacro %}

{% macro spark__text_of_source(cells, source) -%}
    substr(
        get(filter(split({{ cells }}, chr(31)), part -> startswith(part, {{ source }} || ':')), 0),
        length({{ source }}) + 2
    )
{%- endmacro %}
