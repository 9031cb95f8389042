{# Schemas are called exactly staging, intermediate and marts; dbt would prefix them with the profile's schema. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
