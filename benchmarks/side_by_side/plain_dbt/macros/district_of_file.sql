{# Files stand in a folder per district. #}
{% macro district_of_file() -%}
    parse_path(filename)[-2] as district_id
{%- endmacro %}
