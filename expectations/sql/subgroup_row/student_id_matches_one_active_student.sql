-- Counts rows whose student_id is not that of exactly one active student, by why. Reads checks.known_key.
select
    b.delivery_id,
    case
        when k.key is not null and k.first_student is null then 'SUB505'
        when k.key is not null then 'SUB504'
        when {{ is_scientific('b.student_id') }} then 'SUB510'
        when {{ is_excel_wreck('b.student_id') }} then 'SUB511'
        when {{ has_invisible('b.student_id') }} then 'SUB512'
        else 'SUB503'
    end as code,
    count(*) as n,
    first_keys(b.student_id) as keys
from {{ batch }} as b
left join checks.known_key as k on b.delivery_id = k.delivery_id and b.student_id = k.key
where
    b.roster_delivery_id is not null and b.student_id is not null
    and (k.first_student is null or k.first_student <> k.last_student)
group by all
