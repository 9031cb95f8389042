-- Rows of one table by rule and by each of the faults that their cells have: all rules of single cells in one pass.
-- `rules` are what files of expectations/sql set: `faults`, pairs of a fault and its condition, and `only`, for
-- which rows. `fault` as a fault is the row's own. The conditions stand twice: most rows have no fault, and a list
-- is made for the others only.
-- noqa: disable=LT02
with faulty as (
    select
        delivery_id,
        sourcedId,
        unnest([
            {%- for rule in rules %}
            {%- for fault, condition in rule.faults %}
            {%- set said = fault if fault == 'fault' else "'" ~ fault ~ "'" %}
            {{ ',' if not loop.first or rule != rules[0] }}
            if({{ rule.only or 'true' }} and ({{ condition }}), '{{ rule.name }} ' || {{ said }}, null)
            {%- endfor %}
            {%- endfor %}
        ]) as found
    from {{ batch }}
    where
        {%- for rule in rules %}
        {%- for _, condition in rule.faults %}
        {{ 'or ' if not loop.first or rule != rules[0] }}{{ rule.only or 'true' }} and ({{ condition }})
        {%- endfor %}
        {%- endfor %}
)

select
    split_part(found, ' ', 1) as rule,
    delivery_id,
    split_part(found, ' ', 2) as code,
    split_part(found, ' ', 3) as column_name,
    count(*) as n,
    first_keys(sourcedId) as keys
from faulty
where found is not null
group by all
