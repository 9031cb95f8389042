-- Counts rows that the models leave out: for a fault of their own cells, or because their school is not in orgs.csv
-- (REF103) or is itself left out (REF115). One of two rows with one key is sourcedId_is_unique's.
-- Reads checks.key_of_classes and checks.key_of_orgs.
{% set faults = [('fault', "fault <> 'KEY001 sourcedId'")] %}
with judged as (
    select
        c.delivery_id,
        c.sourcedId,
        case when s.sourcedId is null then 'REF103 schoolSourcedId' else 'REF115 schoolSourcedId' end as fault
    from {{ batch }} as c
    inner join checks.key_of_classes as k
        on c.delivery_id = k.delivery_id and c.sourcedId = k.sourcedId and k.n_rows = 1
    left join checks.key_of_orgs as s
        on c.delivery_id = s.delivery_id and c.schoolSourcedId = s.sourcedId and s.is_school
    where c.counts and c.fault is null and coalesce(s.is_set_aside, true)
)

{{ by_fault('judged') }}
