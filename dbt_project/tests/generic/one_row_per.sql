{# The grain of a model. Only districts in scope: the rows of the others were tested when they were built. #}
{% test one_row_per(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ in_scope(model) }} as built
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
