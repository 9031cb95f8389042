-- Counts rows that count and lack a required value.
{% set only = 'counts' %}
{% set faults = [
    ('REQ101 name', 'name is null'),
] %}
