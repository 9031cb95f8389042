{# dbt writes the catalog `analytics` into a view, so a copy of the file would only work under that name. Without it
   DuckDB looks the tables up beside the view, whatever the file is called or attached as. Nothing is replaced but the full
   name of the view's own schema, in quotes. #}
{% macro duckdb__create_view_as(relation, sql) -%}
    {% if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
    {%- set beside = relation.include(identifier=false) ~ '.' -%}
    {%- set portable = relation.database == 'analytics' -%}
    create view {{ relation }} as (
        {{ sql | replace(beside, relation.include(database=false, identifier=false) ~ '.') if portable else sql }}
    );
{%- endmacro %}
