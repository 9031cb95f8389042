{# Spark's spelling of the text functions; what each of them means stands in engine/text.sql. Its regular expressions are
   Java's, in which `$` also stands before a last line break and `\z` does not. #}

{% macro spark__trimmed(text) -%}
    {%- set blank = '[\\x09-\\x0d\\x1c-\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]+' -%}
    nullif(regexp_replace({{ text }}, '\A{{ blank }}|{{ blank }}\z', ''), '')
{%- endmacro %}

{% macro spark__is_guid(text) -%}
    (length({{ text }}) < 256 and {{ text }} rlike '\A[0-9A-Za-z._/@-]+\z')
{%- endmacro %}

{% macro spark__is_usable_key(text) -%}
    (length({{ text }}) < 256 and not {{ text }} rlike '[,\p{C}\p{Zl}\p{Zp}]' and {{ text }} <> '')
{%- endmacro %}

{% macro spark__date_of(text) -%}
    case when {{ text }} rlike '\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z' then try_cast({{ text }} as date) end
{%- endmacro %}

{% macro spark__number_of(text) -%}
    case
        when {{ text }} rlike '\A[+-]?([0-9]{1,15}([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?\z'
            then try_cast({{ text }} as double)
    end
{%- endmacro %}

{% macro spark__members_of(list) -%}
    explode(split({{ list }}, ',', -1))
{%- endmacro %}

{% macro spark__user_id_of_type(user_ids, type) -%}
    {%- set member = "'\\{\\s*([^:{}]*[^:{}\\s])\\s*:\\s*([^{}\\s]|[^{}\\s][^{}]*[^{}\\s])\\s*\\}'" -%}
    get(
        regexp_extract_all({{ user_ids }}, {{ member }}, 2),
        cast(array_position(regexp_extract_all({{ user_ids }}, {{ member }}, 1), {{ type }}) as int) - 1
    )
{%- endmacro %}

{% macro spark__types_of_user_ids(user_ids) -%}
    regexp_extract_all({{ user_ids }}, '\{\s*([^:{}]*[^:{}\s])\s*:', 1)
{%- endmacro %}

{% macro spark__text_type() -%}
    string
{%- endmacro %}
