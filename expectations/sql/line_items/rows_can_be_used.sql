-- Counts rows that the models leave out: for a fault of their own cells, or because their class is not in
-- classes.csv (GRD613) or is itself left out (GRD631). One of two rows with one key is sourcedId_is_unique's.
-- Reads checks.key_of_line_items and checks.key_of_classes.
{% set faults = [('fault', 'fault is not null')] %}
with judged as (
    select
        i.delivery_id,
        i.sourcedId,
        case when k.sourcedId is null then 'GRD613 classSourcedId' else 'GRD631 classSourcedId' end as fault
    from {{ batch }} as i
    inner join checks.key_of_line_items as o
        on i.delivery_id = o.delivery_id and i.sourcedId = o.sourcedId and o.n_rows = 1
    left join checks.key_of_classes as k on i.delivery_id = k.delivery_id and i.classSourcedId = k.sourcedId
    where i.counts and i.fault is null and coalesce(k.is_set_aside, true)
)

{{ by_fault('judged') }}
