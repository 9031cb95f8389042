-- Rows of enrollments.csv that no report uses, in the form of int_set_aside. Nothing refers to the key of such a row.
select
    district_id,
    'enrollments' as table_name,
    file_name,
    cast(null as {{ text_type() }}) as row_id,
    rule,
    count(*) as row_count
from {{ ref('int_seat') }}
where rule is not null
group by district_id, file_name, rule
