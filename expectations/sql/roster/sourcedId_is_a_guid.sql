-- Counts rows whose sourcedId can be used but has signs that OneRoster does not allow.
{% set faults = [('KEY004 sourcedId', 'not (' ~ is_guid('sourcedId') ~ ') and ' ~ is_usable_key('sourcedId'))] %}
