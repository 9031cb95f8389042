{# How tables are built on Spark: all districts of the export are in scope, so each table is made anew, as Parquet. What is
   published is one folder per district, as in the lake of a snapshot. A contract is held by the order of its columns alone:
   its types are DuckDB's words. #}

{% materialization scratch, adapter='spark', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ make_anew(target_relation, '', sql) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization district_scope, adapter='spark', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set columns = model.columns.keys() | reject('equalto', 'district_id') | list + ['district_id'] -%}
    {{ make_anew(
        target_relation, 'partitioned by (district_id)', 'select ' ~ columns | join(', ') ~ ' from (' ~ sql ~ ') as built'
    ) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro make_anew(relation, how, sql) -%}
    {% call statement('drop') %}drop table if exists {{ relation }}{% endcall %}
    {% call statement('main') %}create table {{ relation }} using parquet {{ how }} as {{ in_backticks(sql) }}{% endcall %}
{%- endmacro %}

{% macro spark__create_view_as(relation, sql) -%}
    create or replace view {{ relation }} as {{ in_backticks(sql) }}
{%- endmacro %}

{# Identifiers in Spark's own quotes: those of SQL need its ANSI mode, which dbt-spark turns off. No text has a double quote. #}
{% macro in_backticks(sql) -%}
    {{ sql | replace('"', '`') }}
{%- endmacro %}
