-- Counts users that count and name as agent somebody who is not in the file.
with member as (
    select
        delivery_id,
        sourcedId,
        {{ members_of('agentSourcedIds') }} as agent
    from {{ batch }}
    where agentSourcedIds is not null and counts
),

without_agent as (
    select distinct
        m.delivery_id,
        m.sourcedId
    from member as m
    anti join {{ batch }} as p on m.delivery_id = p.delivery_id and {{ trimmed('m.agent') }} = p.sourcedId
    where {{ trimmed('m.agent') }} is not null
)

select
    delivery_id,
    count(sourcedId) as n,
    first_keys(sourcedId) as keys
from without_agent
group by delivery_id
