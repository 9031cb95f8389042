{# What the sources of a subgroup said of a student, in one text, as the history keeps it: a part `<source>:<text>` for each
   source that has a cell, joined by the unit separator. A blank cell has an empty text. #}

{# The part of one source that has a cell. #}
{% macro cell_of_source(source, cell) -%}
    {{ source }} || ':' || coalesce({{ cell }}, '')
{%- endmacro %}

{# The parts of all sources of a window; null where no source has a cell. #}
{% macro cells_of_sources(source, cell, has_cell, window) -%}
    {{ adapter.dispatch('cells_of_sources', 'subgroups')(source, cell, has_cell, window) }}
{%- endmacro %}

{# The text of one source; null where it has no cell, and empty where the cell is blank. #}
{% macro text_of_source(cells, source) -%}
    {{ adapter.dispatch('text_of_source', 'subgroups')(cells, source) }}
{%- endmacro %}
