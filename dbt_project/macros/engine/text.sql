{# Text functions whose spelling depends on the engine. #}

{# White space at both ends removed, as Python's str.strip() does; what is left empty becomes null.
   Most text starts and ends with a visible ASCII character, and trim() with a list of characters is slow: 1.7 s for
   3 million ids, 0.3 s with the short cut. #}
{% macro trimmed(text) -%}
    case
        when ascii({{ text }}) between 33 and 126 and ascii(right({{ text }}, 1)) between 33 and 126 then {{ text }}
        else nullif(trim({{ text }}, {{ white_space() }}), '')
    end
{%- endmacro %}

{% macro white_space() -%}
    {%- set codes = [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760] + range(8192, 8203) | list
        + [8232, 8233, 8239, 8287, 12288] -%}
    {%- for code in codes %}chr({{ code }}){{ ' || ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{# Whether an id is one that OneRoster allows (a GUID of its binding). #}
{% macro is_guid(text) -%}
    length({{ text }}) < 256 and regexp_full_match({{ text }}, '[0-9A-Za-z._/@-]+')
{%- endmacro %}

{# Whether other files can refer to a key without doubt: not too long, no comma (lists are split at it), nothing invisible.
   Spaces and other signs are against the standard and harm nothing: the same text stands in every file. #}
{% macro is_usable_key(text) -%}
    ({{ is_guid(text) }} or (length({{ text }}) < 256 and not regexp_matches({{ text }}, '[,\p{C}\p{Zl}\p{Zp}]')))
{%- endmacro %}

{# A real calendar date written YYYY-MM-DD, else null. try_cast alone also takes 'infinity' and 2025/8/1. #}
{% macro date_of(text) -%}
    case when regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}') then try_cast({{ text }} as date) end
{%- endmacro %}

{# The members of a comma separated list, one row each, to be used as `cross join <this> as m(member)`. #}
{% macro members_of(list) -%}
    unnest(string_split({{ list }}, ','))
{%- endmacro %}

{# The first id of one type in OneRoster's userIds, `{Local:863},{LDAP:x}`; types are compared exactly.
   Members written without spaces are found by position; the regular expression takes ten times as long. #}
{% macro user_id_of_type(user_ids, type) -%}
    {%- set member = "'\{\s*([^:{}]*[^:{}\s])\s*:\s*([^{}\s]|[^{}\s][^{}]*[^{}\s])\s*\}'" -%}
    {%- set plain = "'\{[^:{}\s]+:[^{}\s]+\}(,\{[^:{}\s]+:[^{}\s]+\})*'" -%}
    {%- set tag = "'{' || " ~ type ~ " || ':'" -%}
    case
        when regexp_full_match({{ user_ids }}, {{ plain }})
            then nullif(split_part(split_part({{ user_ids }}, {{ tag }}, 2), '}', 1), '')
        else list_extract(
            regexp_extract_all({{ user_ids }}, {{ member }}, 2),
            list_position(regexp_extract_all({{ user_ids }}, {{ member }}, 1), {{ type }})
        )
    end
{%- endmacro %}

{# The types of the ids in OneRoster's userIds. #}
{% macro types_of_user_ids(user_ids) -%}
    regexp_extract_all({{ user_ids }}, '\{\s*([^:{}]*[^:{}\s])\s*:', 1)
{%- endmacro %}
