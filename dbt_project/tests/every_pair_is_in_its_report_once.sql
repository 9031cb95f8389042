with counted as (
    select
        district_id,
        case when school_key is null then 'district' else 'school' end as level,
        count(*) as row_count,
        sum(student_count) as student_count
    from {{ ref('int_subgroup_pair') }}
    group by district_id, case when school_key is null then 'district' else 'school' end
),

reported as (
    {% for level in ('district', 'school') %}
        select
            district_id,
            '{{ level }}' as level,
            count(*) as row_count,
            sum(student_count) as student_count
        from {{ in_scope(ref('rpt_' ~ level ~ '_subgroup_pair')) }} as report
        group by district_id {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    counted.district_id,
    counted.level,
    counted.row_count,
    reported.row_count as reported_rows,
    reported.student_count as reported_students
from counted
left join reported
    on counted.district_id = reported.district_id and counted.level = reported.level
where
    counted.row_count <> coalesce(reported.row_count, 0)
    or counted.student_count <> coalesce(reported.student_count, 0)
