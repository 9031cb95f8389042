{# The words that OneRoster allows in a column, as SQL: 'a', 'b'. Made by `make docs` from
   subgroup_pipeline/warehouse/oneroster_v1p1_columns.yml, which alone spells them. #}
{% macro words_of(vocabulary) -%}
    {%- set words = {
        'grades': ['IT', 'PR', 'PK', 'TK', 'KG', '01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12', '13', 'PS', 'UG', 'Other'],
        'status': ['active', 'tobedeleted'],
        'orgs.type': ['department', 'school', 'district', 'local', 'state', 'national'],
        'academic_sessions.type': ['gradingPeriod', 'semester', 'schoolYear', 'term'],
        'classes.classType': ['homeroom', 'scheduled'],
        'truth': ['true', 'false'],
        'users.role': ['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'],
        'enrollments.role': ['administrator', 'proctor', 'student', 'teacher'],
        'demographics.sex': ['male', 'female'],
        'results.scoreStatus': ['exempt', 'fully graded', 'not submitted', 'partially graded', 'submitted'],
    } -%}
    '{{ words[vocabulary] | join("', '") }}'
{%- endmacro %}
