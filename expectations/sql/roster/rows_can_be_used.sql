-- Counts rows that the models leave out for a fault of their own cells (`fault`, dbt_project/macros/faults.sql).
-- A blank sourcedId is sourcedId_is_not_null's.
{% set faults = [('fault', "fault <> 'KEY001 sourcedId'")] %}
