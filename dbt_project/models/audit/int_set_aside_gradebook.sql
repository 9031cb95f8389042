-- Rows of lineItems.csv and results.csv that no report uses, in the form of int_set_aside. A result has no key that
-- anything refers to. Of results that contradict each other none is picked; equal ones count once, so they are not
-- left out.
with faulty_parents as (
    select
        district_id,
        table_name,
        row_id,
        min(rule) as rule
    from {{ ref('int_set_aside') }}
    where table_name in ('classes', 'users') and row_id is not null
    group by all
),

classes as (
    select
        class.district_id,
        class.class_id,
        min(faulty.rule) as rule
    from {{ ref('stg_class') }} as class
    left join faulty_parents as faulty
        on faulty.table_name = 'classes' and class.district_id = faulty.district_id and class.class_id = faulty.row_id
    group by class.district_id, class.class_id
),

people as (
    select
        person.district_id,
        person.user_id,
        max(case when person.user_role = 'student' then 1 else 0 end) = 1 as is_student,
        min(faulty.rule) as rule
    from {{ ref('stg_user') }} as person
    left join faulty_parents as faulty
        on faulty.table_name = 'users' and person.district_id = faulty.district_id and person.user_id = faulty.row_id
    group by person.district_id, person.user_id
),

repeated as (
    select
        district_id,
        line_item_id
    from {{ ref('stg_line_item') }}
    where line_item_id is not null
    group by district_id, line_item_id
    having count(*) > 1
),

-- Each row of lineItems.csv, with its rule where it is left out.
items as (
    select
        item.district_id,
        item.file_name,
        item.line_item_id,
        coalesce(
            item.fault,
            case
                when repeated.line_item_id is not null then 'GRD612'
                when not {{ row_counts('item.status') }} then null
                when class.class_id is null then 'GRD613'
                else class.rule || ' of its class'
            end
        ) as rule
    from {{ ref('stg_line_item') }} as item
    left join repeated
        on item.district_id = repeated.district_id and item.line_item_id = repeated.line_item_id
    left join classes as class
        on item.district_id = class.district_id and item.class_id = class.class_id
),

item_ids as (
    select
        district_id,
        line_item_id,
        min(rule) as rule
    from items
    group by district_id, line_item_id
),

contradicting as (
    select
        district_id,
        line_item_id,
        user_id
    from {{ ref('stg_result') }}
    where fault is null and {{ row_counts('status') }} and {{ is_fully_graded('score_status') }}
    group by district_id, line_item_id, user_id
    having min(score) < max(score)
),

results as (
    select
        result.district_id,
        result.file_name,
        coalesce(
            result.fault,
            case
                when item.line_item_id is null then 'GRD621'
                when person.user_id is null then 'GRD622'
                when person.rule is not null then person.rule || ' of its student'
                when not person.is_student then 'GRD623'
                when item.rule is not null then item.rule || ' of its line item'
                else 'GRD626'
            end
        ) as rule
    from {{ ref('stg_result') }} as result
    left join item_ids as item
        on result.district_id = item.district_id and result.line_item_id = item.line_item_id
    left join people as person
        on result.district_id = person.district_id and result.user_id = person.user_id
    left join contradicting as other
        on result.district_id = other.district_id
        and result.line_item_id = other.line_item_id
        and result.user_id = other.user_id
        and {{ is_fully_graded('result.score_status') }}
    where
        result.fault is not null
        or {{ row_counts('result.status') }} and (
            item.line_item_id is null or person.user_id is null or not person.is_student or item.rule is not null
            or person.rule is not null or other.line_item_id is not null
        )
)

select
    district_id,
    'line_items' as table_name,
    file_name,
    line_item_id as row_id,
    rule,
    count(*) as row_count
from items
where rule is not null
group by all
union all
select
    district_id,
    'results' as table_name,
    file_name,
    cast(null as {{ text_type() }}) as row_id,
    rule,
    count(*) as row_count
from results
group by all
