{# Builds a published table for the districts in control.run_scope and leaves every other district alone.

   Deleting by run_scope and not by the new rows matters: a district that now has no rows must lose its old ones.
   A full night writes the table anew and swaps it in, which is faster and drops districts that are gone. #}
{% materialization district_scope, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set scope = scope_of_run() -%}

    {% if should_full_refresh() and scope.districts_outside > 0 %}
        {% do exceptions.raise_compiler_error(
            "--full-refresh would lose the " ~ scope.districts_outside ~ " districts of " ~ this.identifier
            ~ " that are not in control.run_scope. Put every district in scope, or leave --full-refresh away."
        ) %}
    {% endif %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing is not none and (flags.EMPTY or scope.districts == 0) %}
        {# Nothing to build. `dbt run --empty` makes missing tables (for unit tests), it never empties one. #}
        {% call statement('main') %}select 1{% endcall %}
    {% elif existing is none or scope.districts_outside == 0 %}
        {%- set fresh = make_intermediate_relation(target_relation) -%}
        {% do drop_relation_if_exists(load_cached_relation(fresh)) %}
        {% call statement('main') %}{{ create_table_as(False, fresh, sql) }}{% endcall %}
        {% if existing is not none %}{% do adapter.drop_relation(existing) %}{% endif %}
        {% do adapter.rename_relation(fresh, target_relation) %}
    {% else %}
        {% if config.get('contract').enforced %}{% do get_assert_columns_equivalent(sql) %}{% endif %}
        {% do add_new_columns(existing) %}
        {% call statement('main') %}
            delete from {{ target_relation }} where district_id in (select district_id from {{ run_scope() }});
            insert into {{ target_relation }} by name
                select * from ({{ sql }}) as built where district_id in (select district_id from {{ run_scope() }});
        {% endcall %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro run_scope() -%}{{ target.database }}.control.run_scope{%- endmacro %}

{# How many districts this run builds, and how many others have rows in the marts. #}
{% macro scope_of_run() %}
    {% set counts = run_query(
        "select (select count(*) from " ~ run_scope() ~ ") as districts, count(distinct district_id) as districts_outside"
        ~ " from " ~ target.database ~ ".control.build"
        ~ " where district_id not in (select district_id from " ~ run_scope() ~ ")"
    ).rows[0] %}
    {{ return({'districts': counts['districts'] | int, 'districts_outside': counts['districts_outside'] | int}) }}
{% endmacro %}

{# A column that the contract gained is added, null for districts outside of the scope; any other change needs a rebuild. #}
{% macro add_new_columns(existing) %}
    {% set had = {} %}
    {% for column in run_query("describe " ~ existing).rows %}
        {% do had.update({column['column_name']: column['column_type']}) %}
    {% endfor %}
    {% set wanted = model['columns'] %}
    {% for name in had if name not in wanted %}
        {{ contract_changed(existing, "column " ~ name ~ " is no longer in the contract") }}
    {% endfor %}
    {% for name, column in wanted.items() %}
        {% set data_type = column['data_type'] | upper %}
        {% if name not in had %}
            {% if column['constraints'] %}
                {{ contract_changed(existing, "new column " ~ name ~ " has constraints that old rows cannot meet") }}
            {% endif %}
            {% do run_query("alter table " ~ existing ~ " add column " ~ adapter.quote(name) ~ " " ~ data_type) %}
        {% elif had[name] != data_type %}
            {{ contract_changed(existing, "column " ~ name ~ " is " ~ had[name] ~ " and the contract says " ~ data_type) }}
        {% endif %}
    {% endfor %}
{% endmacro %}

{% macro contract_changed(existing, what) %}
    {% do exceptions.raise_compiler_error(
        existing.identifier ~ ": " ~ what ~ ", and this run has only some of the districts in scope. A compacting rebuild"
        ~ " is needed: run once with every district in scope."
    ) %}
{% endmacro %}
