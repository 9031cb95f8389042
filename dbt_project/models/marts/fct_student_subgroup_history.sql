-- Most values never changed: only those of students and subgroups with a row that ended are put in order and merged.
with valued as (
    select * from {{ ref('int_history_row') }}
),

moved as (
    select distinct
        district_id,
        student_id,
        subgroup
    from {{ ref('int_history_row') }}
    where valid_to is not null
),

compared as (
    select
        valued.*,
        lag(valued.value) over of_student as value_before,
        lag(valued.valid_to) over of_student as valid_to_before
    from valued
    inner join moved
        on valued.district_id = moved.district_id and valued.student_id = moved.student_id
        and valued.subgroup = moved.subgroup
    window of_student as (
        partition by valued.district_id, valued.student_id, valued.subgroup order by valued.valid_from
    )
),

numbered as (
    select
        begun.*,
        sum(begun.is_first)
            over (partition by begun.district_id, begun.student_id, begun.subgroup order by begun.valid_from) as stretch
    from (
        select
            compared.*,
            case
                when compared.value = compared.value_before and compared.valid_from = compared.valid_to_before then 0
                else 1
            end as is_first
        from compared
    ) as begun
),

merged as (
    select
        district_id,
        student_id,
        subgroup,
        value,
        min(valid_from) as valid_from,
        case when count(valid_to) = count(*) then max(valid_to) end as valid_to,
        max(case when is_first = 1 then delivery_id end) as delivery_id
    from numbered
    group by district_id, student_id, subgroup, value, stretch
)

select
    district_id,
    student_id,
    subgroup,
    valid_from,
    valid_to,
    value,
    delivery_id,
    valid_to is null as is_current
from merged
union all
select
    valued.district_id,
    valued.student_id,
    valued.subgroup,
    valued.valid_from,
    valued.valid_to,
    valued.value,
    valued.delivery_id,
    true as is_current
from valued
left join moved
    on valued.district_id = moved.district_id and valued.student_id = moved.student_id
    and valued.subgroup = moved.subgroup
where moved.student_id is null
