{# DuckDB's spelling of the text functions; what each of them means stands in engine/text.sql. #}

{% macro duckdb__trimmed(text) -%}
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

{% macro duckdb__is_guid(text) -%}
    length({{ text }}) < 256 and regexp_full_match({{ text }}, '[0-9A-Za-z._/@-]+')
{%- endmacro %}

{% macro duckdb__is_usable_key(text) -%}
    ({{ is_guid(text) }} or (length({{ text }}) < 256 and not regexp_matches({{ text }}, '[,\p{C}\p{Zl}\p{Zp}]')))
{%- endmacro %}

{% macro duckdb__date_of(text) -%}
    case when regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}') then try_cast({{ text }} as date) end
{%- endmacro %}

{% macro duckdb__number_of(text) -%}
    case
        when regexp_full_match({{ text }}, '[+-]?(\d{1,15}([.]\d*)?|[.]\d+)([eE][+-]?\d{1,2})?')
            then try_cast({{ text }} as double)
    end
{%- endmacro %}

{% macro duckdb__members_of(list) -%}
    unnest(string_split({{ list }}, ','))
{%- endmacro %}

{% macro duckdb__user_id_of_type(user_ids, type) -%}
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

{% macro duckdb__types_of_user_ids(user_ids) -%}
    regexp_extract_all({{ user_ids }}, '\{\s*([^:{}]*[^:{}\s])\s*:', 1)
{%- endmacro %}

{% macro duckdb__text_type() -%}
    varchar
{%- endmacro %}
