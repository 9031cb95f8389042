{# The rows of an export that count: of each district those of the version that its entry names. #}
{% macro spark__source_relation(source_name, table_name) -%}
    {%- if not execute -%}
        {{ return(builtins.source(source_name, table_name)) }}
    {%- endif -%}
    {%- set export = env_var('SUBGROUPS_EXPORT_URL') -%}
    {{ return(
        "(select /*+ broadcast(entry) */ rows.* from parquet.`" ~ export ~ "/" ~ source_name ~ "/" ~ table_name ~ "` as rows"
        ~ " left semi join json.`" ~ export ~ "/district` as entry"
        ~ " on rows.district_id = entry.district_id and rows.version = entry.version)"
    ) }}
{%- endmacro %}
