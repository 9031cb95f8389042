{# How OneRoster 1.1 writes times, lists and words, and what a spreadsheet leaves of a cell: what the checks ask of a text.
   A cheap test stands before the regular expression where one settles most cells. #}

{% macro is_utc_time(text) -%}
    (
        {{ text }} like '____-__-__T__:__:__%Z'
        and regexp_full_match({{ text }}, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z')
    )
{%- endmacro %}

{% macro is_year(text) -%}
    regexp_full_match({{ text }}, '[0-9]{4}')
{%- endmacro %}

{# A list has no empty member and no space around a comma. #}
{% macro is_list(text) -%}
    (
        {{ text }} = {{ trimmed(text) }}
        and (
            not contains({{ text }}, ',')
            or not (
                {{ text }} like ',%' or {{ text }} like '%,' or contains({{ text }}, ',,')
                or contains({{ text }}, ', ') or contains({{ text }}, ' ,')
            )
        )
    )
{%- endmacro %}

{# Lists that belong together have as many members. #}
{% macro lists_differ_in_length(one, other) -%}
    {{ one }} is not null and {{ other }} is not null
    and length({{ one }}) - length(replace({{ one }}, ',', ''))
    <> length({{ other }}) - length(replace({{ other }}, ',', ''))
{%- endmacro %}

{# Members like {type:id}. #}
{% macro is_typed_ids(text) -%}
    (
        {{ text }} like '{_%:_%}' and not contains({{ text }}[2:], '{') and not contains({{ text }}, ' ')
        or regexp_full_match({{ trimmed(text) }}, '\{[^:{},]+:[^{},]+\}(\s*,\s*\{[^:{},]+:[^{},]+\})*')
    )
{%- endmacro %}

{# Lists are split only where the whole text is no grade: `or` would split every text. #}
{% macro is_grades(text) -%}
    case
        when {{ text }} in ({{ words_of('grades') }}) then true
        else list_has_all(
            [{{ words_of('grades') }}], list_transform(string_split({{ text }}, ','), lambda grade: trim(grade))
        )
    end
{%- endmacro %}

{# A word of a vocabulary, whatever its capitals; the specification's own writing is another question. #}
{% macro is_word_of(text, vocabulary) -%}
    lower({{ text }}) in ({{ words_of(vocabulary) | lower }})
{%- endmacro %}

{% macro is_in_other_capitals(text, vocabulary) -%}
    ({{ text }} not in ({{ words_of(vocabulary) }}) and {{ is_word_of(text, vocabulary) }})
{%- endmacro %}

{# Yes or no, in another word than OneRoster's true and false. #}
{% macro is_truth_in_another_word(text) -%}
    (
        {{ text }} not in ('true', 'false') and lower({{ text }}) not in ('true', 'false')
        and {{ truth_of(text) }} is not null
    )
{%- endmacro %}

{# What Excel makes of a cell: a long number in scientific notation. #}
{% macro is_scientific(text) -%}
    regexp_full_match({{ text }}, '[0-9]([.,][0-9]+)?[eE]\+[0-9]+')
{%- endmacro %}

{# What Excel makes of a cell: an error, a column too narrow, a date (1-Jan, Jan-01). #}
{% macro is_excel_wreck(text) -%}
    regexp_full_match(
        {{ text }},
        '#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|##+'
        || '|[0-9]{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-[0-9]{2}'
    )
{%- endmacro %}

{# A character that nobody sees: zero width, direction marks, controls, a space inside that is no plain space. #}
{% macro has_invisible(text) -%}
    regexp_matches({{ text }}, '[\p{Cf}\p{Cc}\x{a0}\x{2000}-\x{200a}\x{202f}\x{3000}]')
{%- endmacro %}
