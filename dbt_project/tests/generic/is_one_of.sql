{# The words that a column may have, or null, by district like every test. #}
{% test is_one_of(model, column, words) %}
    select distinct
        district_id,
        {{ column }}
    from {{ in_scope(model) }} as built
    where {{ column }} not in ('{{ words | join("', '") }}')
{% endtest %}
