with bands as (
    select
        district_id,
        count(*) as band_count
    from {{ ref('stg_report_band') }}
    group by district_id
),

groups_with_a_score as (
    {% for level in ('district', 'school', 'course') %}
        select
            district_id,
            '{{ level }}' as level,
            count(*) as group_count
        from {{ in_scope(ref('rpt_' ~ level ~ '_subgroup')) }} as report
        where scored_students > 0
        group by district_id {{ 'union all' if not loop.last }}
    {% endfor %}
),

banded as (
    {% for level in ('district', 'school', 'course') %}
        select
            district_id,
            '{{ level }}' as level,
            count(*) as row_count
        from {{ in_scope(ref('rpt_' ~ level ~ '_subgroup_band')) }} as report
        group by district_id {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    scored.district_id,
    scored.level,
    scored.group_count,
    bands.band_count,
    banded.row_count
from groups_with_a_score as scored
inner join bands
    on scored.district_id = bands.district_id
left join banded
    on scored.district_id = banded.district_id and scored.level = banded.level
where scored.group_count * bands.band_count <> coalesce(banded.row_count, 0)
