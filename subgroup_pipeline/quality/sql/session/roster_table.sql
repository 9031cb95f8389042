-- The view that the checks of one roster file read: its rows of the run's deliveries (control.run_delivery).
-- Beside the cells as landed it has `status` in lower case, `counts` and `is_marked_gone` (what the status
-- says), `fault` (why the models leave the row out), `is_change` (the row is of a file of changes, or of the
-- set that one is applied to), `is_carried_over` (the latter alone), and `is_1p2` (of OneRoster 1.2).
create view checks.{{ table }} as
select
    r.* replace (lower(r.status) as status),
    r.status as status_as_written,
    {{ row_counts('r.status') }} as counts,
    coalesce({{ is_marked_gone('r.status') }}, false) as is_marked_gone,
    r.file_name = '{{ carried_over }}' as is_carried_over,
    r.file_name = '{{ carried_over }}' or r.delivery_id in (
        select delivery_id
        from warehouse.control.run_delivery
        where list_contains(string_split(delta_tables, ','), '{{ table }}')
    ) as is_change,
    r.delivery_id in (
        select delivery_id
        from warehouse.control.run_delivery
        where oneroster_version = '1.2'
    ) as is_1p2,
    {{ fault }} as fault
from warehouse.raw.{{ table }} as r
where r.delivery_id in (select delivery_id from warehouse.control.run_delivery);
