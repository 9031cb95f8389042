-- One row per student of the subgroup file: rows that match one active student and contradict no other row.
with keyed as (
    select
        district_id,
        student_number,
        cells
    from {{ ref('stg_subgroup_row') }}
    where student_number is not null
),

repeated as (
    select
        district_id,
        student_number
    from keyed
    group by district_id, student_number
    having count(*) > 1
),

-- Equal rows count once; of rows with one key and any difference none counts.
agreeing as (
    select
        keyed.district_id,
        keyed.student_number,
        any_value(keyed.cells) as cells
    from keyed
    inner join repeated
        on keyed.district_id = repeated.district_id and keyed.student_number = repeated.student_number
    group by keyed.district_id, keyed.student_number
    having count(distinct {{ map_as_list('keyed.cells') }}) = 1
),

counted as (
    select keyed.*
    from keyed
    left join repeated
        on keyed.district_id = repeated.district_id and keyed.student_number = repeated.student_number
    where repeated.student_number is null
    union all
    select * from agreeing
),

students as (
    {{ students_by_number() }}
)

select
    students.student_key,
    counted.district_id,
    counted.cells
from counted
inner join students
    on counted.district_id = students.district_id and counted.student_number = students.student_number
