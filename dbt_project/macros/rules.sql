{# Small rules that more than one model states. #}

{# A row of a roster file counts when its status is blank or active, in any case: the one rule for all files. #}
{% macro row_counts(status) -%}
    coalesce(lower({{ status }}), 'active') = 'active'
{%- endmacro %}

{# tobedeleted says that a row does not count, and so does the word inactive of OneRoster 1.0. Any other word says nothing. #}
{% macro is_marked_gone(status) -%}
    lower({{ status }}) in ('tobedeleted', 'inactive')
{%- endmacro %}

{# What a word says of yes and no: OneRoster writes true and false; the other spellings are those of exports. Else null. #}
{% macro truth_of(word) -%}
    case
        when {{ word }} = 'true' or lower({{ word }}) in ('true', '1', 'yes', 'y', 't') then true
        when lower({{ word }}) in ('false', '0', 'no', 'n', 'f') then false
    end
{%- endmacro %}

{# Whether a user may sign in; blank means yes, and a word that says neither sets the row aside (fault_of_users). #}
{% macro is_enabled(enabled_user) -%}
    coalesce({{ truth_of("coalesce(" ~ enabled_user ~ ", 'true')") }}, false)
{%- endmacro %}

{# Who is counted and matched: nobody else is. #}
{% macro is_active_student(role, enabled_user, status) -%}
    lower({{ role }}) = 'student' and {{ is_enabled(enabled_user) }} and {{ row_counts(status) }}
{%- endmacro %}

{# Who works at a school, by the words of users.csv. #}
{% macro is_staff(role) -%}
    lower({{ role }}) in ('teacher', 'administrator', 'aide', 'proctor')
{%- endmacro %}

{# Only such a result counts: every other word says that there is no score yet, or none for good. #}
{% macro is_fully_graded(score_status) -%}
    lower({{ score_status }}) = 'fully graded'
{%- endmacro %}

{# The rest of a text that begins with this prefix. #}
{% macro without_prefix(text, prefix) -%}
    substr({{ text }}, {{ prefix | length + 1 }})
{%- endmacro %}

{# What a subgroup file names a student by: the field of users.csv that the district's settings say. #}
{% macro match_key(match_field, sourced_id, identifier, username, user_ids, metadata) -%}
    case
        when coalesce({{ match_field }}, 'users.sourcedId') = 'users.sourcedId' then {{ sourced_id }}
        when {{ match_field }} = 'users.identifier' then {{ identifier }}
        when {{ match_field }} = 'users.username' then {{ username }}
        when {{ match_field }} like 'userIds:%'
            then {{ trimmed(user_id_of_type(user_ids, without_prefix(match_field, 'userIds:'))) }}
        when {{ match_field }} like 'metadata.%'
            then {{ map_value(metadata, without_prefix(match_field, 'metadata.')) }}
    end
{%- endmacro %}

{# What a column of the settings is called in its source: `metadata.ell` is ell there, `demographics.sex` is sex. #}
{% macro cell_key(source, source_column) -%}
    case {{ source }}
        when 'roster_metadata' then {{ without_prefix(source_column, 'metadata.') }}
        when 'demographics' then {{ without_prefix(source_column, 'demographics.') }}
        else {{ source_column }}
    end
{%- endmacro %}

{# The value of a cell: a blank one takes the column's blank value, a text what it means, and what nobody knows another.
   A cell that is not there (has_cell is false) is not blank, it says nothing. #}
{% macro value_of_cell(cell, known, blank, otherwise, has_cell='true') -%}
    case
        when {{ has_cell }} and {{ cell }} is null then {{ blank }}
        else coalesce({{ known }}, {{ otherwise }})
    end
{%- endmacro %}

{# Which of several sources is believed: the first that reports a value; where none does, the first that said anything. #}
{% macro rank_of_source(value, absent, cell, has_cell) -%}
    case
        when {{ value }} <> {{ absent }} then 0
        when {{ cell }} is not null then 1
        when {{ has_cell }} then 2
        else 3
    end
{%- endmacro %}

{# The columns of demographics.csv that can be a subgroup, each written in a form that names it as the file does ({file})
   and as staging does ({column}). The settings of a district name them as the file does. #}
{% macro demographic_columns(form, between=',\n    ') -%}
    {%- set columns = {
        'sex': 'sex',
        'hispanicOrLatinoEthnicity': 'hispanic_or_latino',
        'demographicRaceTwoOrMoreRaces': 'two_or_more_races',
        'americanIndianOrAlaskaNative': 'american_indian_or_alaska_native',
        'asian': 'asian',
        'blackOrAfricanAmerican': 'black_or_african_american',
        'nativeHawaiianOrOtherPacificIslander': 'native_hawaiian_or_other_pacific_islander',
        'white': 'white',
        'countryOfBirthCode': 'country_of_birth',
        'stateOfBirthAbbreviation': 'state_of_birth',
        'cityOfBirth': 'city_of_birth',
        'publicSchoolResidenceStatus': 'residence_status',
    } -%}
    {%- for file, column in columns.items() -%}
        {{ form.format(file=file, column=column) }}{{ between if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The federal roll-up of one student's flags: Hispanic/Latino wins, then two or more races, then the single race.
   A flag counts when its word says yes; without any it is null. #}
{% macro race_ethnicity_of(row) -%}
    {%- set races = [
        'american_indian_or_alaska_native', 'asian', 'black_or_african_american',
        'native_hawaiian_or_other_pacific_islander', 'white'
    ] -%}
    case
        when {{ truth_of(row ~ '.hispanic_or_latino') }} then 'hispanic_or_latino'
        when
            {{ truth_of(row ~ '.two_or_more_races') }}
            or {% for race in races -%}
                case when {{ truth_of(row ~ '.' ~ race) }} then 1 else 0 end{{ ' + ' if not loop.last }}
            {%- endfor %} > 1
            then 'two_or_more_races'
        {% for race in races -%}
        when {{ truth_of(row ~ '.' ~ race) }} then '{{ race }}'
        {% endfor -%}
    end
{%- endmacro %}

{# not_reported -> Not reported #}
{% macro label_of(name) -%}
    upper(left({{ name }}, 1)) || replace(substr({{ name }}, 2), '_', ' ')
{%- endmacro %}

{# The rows of a staged file that int_set_aside (`left_out`) leaves, by the file's key. #}
{% macro not_set_aside(table_name, alias, key, left_out='int_set_aside') -%}
    not exists (
        select 1
        from {{ ref(left_out) }} as aside
        where
            aside.table_name = '{{ table_name }}'
            and aside.district_id = {{ alias }}.district_id
            and aside.row_id = {{ alias }}.{{ key }}
    )
{%- endmacro %}

{# The rows of a published model that this run has just built. #}
{% macro in_scope(relation) -%}
    (select * from {{ relation }} where district_id in (select district_id from {{ ref('stg_run_scope') }}))
{%- endmacro %}

{# The delivery that a student's value came from: null where it would be the subgroup file and the student is not in it. #}
{% macro delivery_of_value(has, scope) -%}
    case
        when {{ has }}.source <> 'file' then {{ scope }}.roster_delivery_id
        when {{ has }}.is_in_file then {{ scope }}.subgroup_delivery_id
    end
{%- endmacro %}

{# A share is not rounded, and null where there is nobody. #}
{% macro share_of(part, total) -%}
    cast({{ part }} as double) / nullif({{ total }}, 0)
{%- endmacro %}

{# A mean from the sum of the scores; null where nobody has one. #}
{% macro mean_of(total, students) -%}
    ({{ total }}) / nullif({{ students }}, 0)
{%- endmacro %}

{#- Active students by the number that a subgroup file names them by; a number that two of them have is nobody's. -#}
{% macro students_by_number() -%}
    select
        district_id,
        student_number,
        min(student_key) as student_key
    from {{ ref('int_student') }}
    where is_active and student_number is not null
    group by district_id, student_number
    having count(*) = 1
{%- endmacro %}
