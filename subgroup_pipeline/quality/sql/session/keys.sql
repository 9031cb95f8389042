-- Functions that name failing rows by their keys, so that their lines can be found. A rule names up to
-- {{ most }} keys of a delivery; fewer when a run has many deliveries, so that memory stays bounded, and never
-- fewer than {{ fewest }}.
set variable most_keys = (
    select greatest({{ fewest }}, least({{ most }}, {{ of_run }} // greatest(count(*), 1)))
    from warehouse.control.run_delivery
);
create macro first_keys(k) as min(k, getvariable('most_keys'));
-- The same of groups, each with the list of its keys (min(k, n) reserves room for n keys in every group).
create macro keys_of_groups(some_keys) as list_slice(
    list_sort(list_distinct(flatten(list(some_keys)))), 1, getvariable('most_keys')
);
