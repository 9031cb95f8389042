{# Text functions whose spelling depends on the engine. A second engine adds a folder beside duckdb/, and edits nothing here. #}

{# White space at both ends removed, as Python's str.strip() does; what is left empty becomes null.
   Most text starts and ends with a visible ASCII character, and trim() with a list of characters is slow: 1.7 s for
   3 million ids, 0.3 s with the short cut. #}
{% macro trimmed(text) -%}
    {{ adapter.dispatch('trimmed', 'subgroups')(text) }}
{%- endmacro %}

{# Whether an id is one that OneRoster allows (a GUID of its binding). #}
{% macro is_guid(text) -%}
    {{ adapter.dispatch('is_guid', 'subgroups')(text) }}
{%- endmacro %}

{# Whether other files can refer to a key without doubt: not too long, no comma (lists are split at it), nothing invisible.
   Spaces and other signs are against the standard and harm nothing: the same text stands in every file. #}
{% macro is_usable_key(text) -%}
    {{ adapter.dispatch('is_usable_key', 'subgroups')(text) }}
{%- endmacro %}

{# A real calendar date written YYYY-MM-DD, else null. try_cast alone also takes 'infinity' and 2025/8/1. #}
{% macro date_of(text) -%}
    {{ adapter.dispatch('date_of', 'subgroups')(text) }}
{%- endmacro %}

{# A decimal number, else null; a cast alone also takes inf, nan, 1_000 and 1e400, which is infinite. #}
{% macro number_of(text) -%}
    {{ adapter.dispatch('number_of', 'subgroups')(text) }}
{%- endmacro %}

{# The members of a comma separated list; in a select list it gives one row per member. #}
{% macro members_of(list) -%}
    {{ adapter.dispatch('members_of', 'subgroups')(list) }}
{%- endmacro %}

{# The first id of one type in OneRoster's userIds, `{Local:863},{LDAP:x}`; types are compared exactly.
   Members written without spaces are found by position; the regular expression takes ten times as long. #}
{% macro user_id_of_type(user_ids, type) -%}
    {{ adapter.dispatch('user_id_of_type', 'subgroups')(user_ids, type) }}
{%- endmacro %}

{# The types of the ids in OneRoster's userIds. #}
{% macro types_of_user_ids(user_ids) -%}
    {{ adapter.dispatch('types_of_user_ids', 'subgroups')(user_ids) }}
{%- endmacro %}

{# The type of a text, for a cast. #}
{% macro text_type() -%}
    {{ adapter.dispatch('text_type', 'subgroups')() }}
{%- endmacro %}
