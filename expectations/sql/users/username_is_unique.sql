-- Counts users that count and have the username of somebody else. Names that stand once are found by their hash
-- alone.
with repeated as (
    select hash(delivery_id, username) as name_hash
    from {{ batch }}
    where username is not null and counts
    group by all
    having count(*) > 1
),

shared as (
    select
        delivery_id,
        count(*) as n_rows,
        list(sourcedId) as some_keys
    from {{ batch }}
    where username is not null and counts and hash(delivery_id, username) in (select name_hash from repeated)
    group by delivery_id, username
    having count(distinct sourcedId) > 1
)

select
    delivery_id,
    cast(sum(n_rows) as bigint) as n,
    keys_of_groups(some_keys) as keys
from shared
group by delivery_id
