-- Counts rows that the models leave out: for a fault of their own cells, or because their class is not in
-- classes.csv (GRD613) or is itself left out (GRD631). One of two rows with one key is sourcedId_is_unique's.
-- Reads checks.repeated_line_item and checks.class_of_seat.
with judged as (
    select
        i.delivery_id,
        i.sourcedId,
        coalesce(
            i.fault,
            case
                when not i.counts or r.sourcedId is not null then null
                when k.sourcedId is null then 'GRD613 classSourcedId'
                when k.is_set_aside then 'GRD631 classSourcedId'
            end
        ) as fault
    from {{ batch }} as i
    left join checks.repeated_line_item as r on i.delivery_id = r.delivery_id and i.sourcedId = r.sourcedId
    left join checks.class_of_seat as k on i.delivery_id = k.delivery_id and i.classSourcedId = k.sourcedId
)

{{ by_fault('judged') }}
