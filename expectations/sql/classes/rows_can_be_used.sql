-- Counts rows that the models leave out: for a fault of their own cells, or because their school is not in orgs.csv
-- (REF103) or is itself left out (REF115). One of two rows with one key is sourcedId_is_unique's.
-- Reads checks.repeated_class and checks.school.
with judged as (
    select
        c.delivery_id,
        c.sourcedId,
        coalesce(
            c.fault,
            case
                when not c.counts or r.sourcedId is not null then null
                when s.sourcedId is null then 'REF103 schoolSourcedId'
                when s.is_set_aside then 'REF115 schoolSourcedId'
            end
        ) as fault
    from {{ batch }} as c
    left join checks.repeated_class as r on c.delivery_id = r.delivery_id and c.sourcedId = r.sourcedId
    left join checks.school as s on c.delivery_id = s.delivery_id and c.schoolSourcedId = s.sourcedId
)

{{ by_fault("(from judged where fault <> 'KEY001 sourcedId')") }}
