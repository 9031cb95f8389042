{# Why a row of a roster file cannot be used: the first of its faults as `<finding code> <column>`, else null. One macro per
   file; `row` has the columns of the raw table. The models leave these rows out, and the checks count and name the same. #}

{% macro key_fault(key, blank='KEY001') -%}
    when {{ key }} is null then '{{ blank }} sourcedId'
    when not {{ is_usable_key(key) }} then 'KEY003 sourcedId'
{%- endmacro %}

{# A row that says it does not count has no further faults. #}
{% macro status_fault(status) -%}
    when {{ is_marked_gone(status) }} then null
    when not {{ row_counts(status) }} then 'VOC205 status'
{%- endmacro %}

{% macro word_fault(row, table, column) -%}
    {%- set cell = row ~ '."' ~ column ~ '"' -%}
    when {{ cell }} is null or not {{ is_word_of(cell, table ~ '.' ~ column) }} then 'VOC203 {{ column }}'
{%- endmacro %}

{# A session must last a day, an enrollment may end on the day it begins. Dates that are written as they should be are in
   order when their texts are. #}
{% macro date_fault(row, first, last, may_be_blank, order) -%}
    {%- for column in (first, last) %}
    when
        {% if may_be_blank %}{{ row }}."{{ column }}" is not null and {% endif -%}
        {{ date_of(row ~ '."' ~ column ~ '"') }} is null then 'DAT301 {{ column }}'
    {%- endfor %}
    when {{ row }}."{{ last }}" {{ order }} {{ row }}."{{ first }}" then 'DAT302 {{ last }}'
{%- endmacro %}

{% macro fault_of_orgs(row) -%}
    case
        {{ key_fault(row ~ '."sourcedId"') }}
        {{ status_fault(row ~ '."status"') }}
        {{ word_fault(row, 'orgs', 'type') }}
    end
{%- endmacro %}

{% macro fault_of_academic_sessions(row) -%}
    case
        {{ key_fault(row ~ '."sourcedId"') }}
        {{ status_fault(row ~ '."status"') }}
        {{ date_fault(row, 'startDate', 'endDate', false, '<=') }}
    end
{%- endmacro %}

{% macro fault_of_courses(row) -%}
    case
        {{ key_fault(row ~ '."sourcedId"') }}
        {{ status_fault(row ~ '."status"') }}
    end
{%- endmacro %}

{% macro fault_of_classes(row) -%}
    {{ fault_of_courses(row) }}
{%- endmacro %}

{% macro fault_of_users(row) -%}
    case
        {{ key_fault(row ~ '."sourcedId"') }}
        {{ status_fault(row ~ '."status"') }}
        {{ word_fault(row, 'users', 'role') }}
        when {{ row }}."enabledUser" is not null and {{ truth_of(row ~ '."enabledUser"') }} is null
            then 'VOC206 enabledUser'
    end
{%- endmacro %}

{# A role of OneRoster 1.2, which landing has written in the word of 1.1. Nothing refers to its key. #}
{% macro fault_of_roles(row) -%}
    case
        {{ status_fault(row ~ '."status"') }}
        when {{ row }}."userSourcedId" is null then 'ROL101 userSourcedId'
        when {{ row }}."orgSourcedId" is null then 'ROL101 orgSourcedId'
        {{ word_fault(row, 'users', 'role') }}
        {{ date_fault(row, 'beginDate', 'endDate', true, '<') }}
    end
{%- endmacro %}

{% macro fault_of_demographics(row) -%}
    {{ fault_of_courses(row) }}
{%- endmacro %}

{# Nothing refers to the key of an enrollment, so it is used without one. #}
{% macro fault_of_enrollments(row) -%}
    case
        {{ status_fault(row ~ '."status"') }}
        {{ word_fault(row, 'enrollments', 'role') }}
        {{ date_fault(row, 'beginDate', 'endDate', true, '<') }}
    end
{%- endmacro %}

{# Without a span of points no score can be a percentage. #}
{% macro fault_of_line_items(row) -%}
    {%- set lowest, highest = number_of(row ~ '."resultValueMin"'), number_of(row ~ '."resultValueMax"') -%}
    case
        {{ key_fault(row ~ '."sourcedId"', blank='GRD611') }}
        {{ status_fault(row ~ '."status"') }}
        when {{ lowest }} is null then 'GRD614 resultValueMin'
        when {{ highest }} is null or {{ highest }} <= {{ lowest }} then 'GRD614 resultValueMax'
    end
{%- endmacro %}

{# Nothing refers to the key of a result, so it is used without one. Only what is fully graded needs a score. #}
{% macro fault_of_results(row) -%}
    {%- set word = row ~ '."scoreStatus"' -%}
    case
        {{ status_fault(row ~ '."status"') }}
        when {{ word }} is null or not {{ is_word_of(word, 'results.scoreStatus') }} then 'GRD624 scoreStatus'
        when {{ is_fully_graded(word) }} and {{ number_of(row ~ '."score"') }} is null then 'GRD625 score'
    end
{%- endmacro %}

{# The code alone, as the models count by it. #}
{% macro code_of_fault(fault) -%}
    left({{ fault }}, 6)
{%- endmacro %}
