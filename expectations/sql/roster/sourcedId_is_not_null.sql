-- Counts rows without a sourcedId. They have no key to find their lines by; landing's own lookup finds them.
{% set faults = [('KEY001 sourcedId', 'sourcedId is null')] %}
