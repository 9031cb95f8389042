{{ config(database='warehouse', materialized='district_scope') }}
-- Rows of each file as staged and as set aside, for the reconciliation (quality.reconciliation). Unlike
-- the models it reads, it keeps the districts that are out of scope: their rows are published too.
{% set files = [
    ('orgs', 'stg_org'), ('academic_sessions', 'stg_academic_session'), ('courses', 'stg_course'), ('classes', 'stg_class'),
    ('users', 'stg_user'), ('enrollments', 'stg_enrollment'), ('demographics', 'stg_demographic'),
    ('line_items', 'stg_line_item'), ('results', 'stg_result'),
] %}
with set_aside as (
    select
        district_id,
        table_name,
        file_name,
        rule,
        cast(sum(row_count) as bigint) as row_count
    from (
        select * from {{ ref('int_set_aside') }}
        union all
        select * from {{ ref('int_set_aside_enrollment') }}
        union all
        select * from {{ ref('int_set_aside_gradebook') }}
    ) as aside
    group by all
),

landed as (
    {% for table_name, model in files %}
        select
            district_id,
            '{{ table_name }}' as table_name,
            file_name,
            count(*) as row_count
        from {{ ref(model) }}
        group by all {{ 'union all' if not loop.last }}
    {% endfor %}
),

set_aside_of_file as (
    select
        district_id,
        table_name,
        file_name,
        sum(row_count) as row_count
    from set_aside
    group by all
),

-- A subgroup file has one row staged for each student that it names; equal rows count once, contradicting ones not.
students as (
    {{ students_by_number() }}
),

ids as (
    select
        district_id,
        file_name,
        student_number,
        count(*) as row_count
    from {{ ref('stg_subgroup_row') }}
    group by all
),

subgroup_ids as (
    select
        ids.district_id,
        ids.file_name,
        ids.row_count,
        student.student_key is not null as is_staged,
        case
            when ids.student_number is null then 'SUB501'
            when students.student_key is null then 'SUB503'
            when student.student_key is null then 'SUB502'
        end as rule
    from ids
    left join students
        on ids.district_id = students.district_id and ids.student_number = students.student_number
    left join {{ ref('int_subgroup_row') }} as student
        on students.student_key = student.student_key
),

subgroup_rows as (
    select
        district_id,
        file_name,
        'staged' as fate,
        rule,
        count(*) as row_count
    from subgroup_ids
    where is_staged
    group by all
    union all
    select
        district_id,
        file_name,
        'set aside' as fate,
        coalesce(rule, 'equal rows') as rule,
        sum(case when is_staged then row_count - 1 else row_count end) as row_count
    from subgroup_ids
    where not is_staged or row_count > 1
    group by all
),

counted as (
    select
        district_id,
        'subgroup_row' as table_name,
        file_name,
        fate,
        rule,
        row_count
    from subgroup_rows
    union all
    select
        district_id,
        table_name,
        file_name,
        'set aside' as fate,
        rule,
        row_count
    from set_aside
    union all
    select
        landed.district_id,
        landed.table_name,
        landed.file_name,
        'staged' as fate,
        cast(null as {{ text_type() }}) as rule,
        landed.row_count - coalesce(aside.row_count, 0) as row_count
    from landed
    left join set_aside_of_file as aside
        on
        landed.district_id = aside.district_id
        and landed.table_name = aside.table_name
        and landed.file_name = aside.file_name
    union all
    select
        person.district_id,
        'users' as table_name,
        'users.csv' as file_name,
        'staged students' as fate,
        cast(null as {{ text_type() }}) as rule,
        count(*) as row_count
    from {{ ref('stg_user') }} as person
    where person.user_role = 'student' and {{ not_set_aside('users', 'person', 'user_id') }} and person.fault is null
    group by all
)

select
    counted.district_id,
    case
        when counted.table_name = 'subgroup_row' then scope.subgroup_delivery_id
        else scope.roster_delivery_id
    end as delivery_id,
    counted.table_name,
    counted.file_name,
    counted.fate,
    counted.rule,
    cast(counted.row_count as bigint) as row_count
from counted
inner join {{ ref('stg_run_scope') }} as scope
    on counted.district_id = scope.district_id
