-- The rows of the run's subgroup files with the roster that each is matched against; and checks.known_key, what they
-- are matched by: the keys of the rosters.
create view checks.subgroup_row as
select
    s.*,
    r.roster_delivery_id
from warehouse.raw.subgroup_row as s
inner join warehouse.control.run_delivery as r on s.delivery_id = r.delivery_id;

create table checks.known_key as
{{ roster_keys("(from warehouse.control.run_delivery where feed = 'subgroups')") }};
