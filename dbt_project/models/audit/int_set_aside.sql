-- Rows of the roster that no report uses, but for enrollments (int_set_aside_enrollment) and the gradebook
-- (int_set_aside_gradebook): their number per id and rule they break. A row counts under the first of its rules.
-- Classes of a school that is set aside go with it, under its rule.
{% set keyed = [
    ('orgs', 'stg_org', 'org_id'), ('academic_sessions', 'stg_academic_session', 'session_id'),
    ('courses', 'stg_course', 'course_id'), ('classes', 'stg_class', 'class_id'), ('users', 'stg_user', 'user_id'),
    ('demographics', 'stg_demographic', 'user_id'),
] %}
with unusable as (
    {% for table_name, model, key in keyed %}
        select
            district_id,
            '{{ table_name }}' as table_name,
            file_name,
            {{ key }} as row_id,
            fault as rule,
            count(*) as row_count
        from {{ ref(model) }}
        where fault is not null
        group by all {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Two rows with one key: none of them is picked.
repeated as (
    {% for table_name, model, key in keyed %}
        select
            district_id,
            '{{ table_name }}' as table_name,
            min(file_name) as file_name,
            {{ key }} as row_id,
            'KEY002' as rule,
            count(*) - count(fault) as row_count
        from {{ ref(model) }}
        where {{ key }} is not null
        group by district_id, {{ key }}
        having count(*) > 1 and count(fault) < count(*) {{ 'union all' if not loop.last }}
    {% endfor %}
),

alone as (
    select * from unusable
    union all
    select * from repeated
),

schools as (
    select
        org.district_id,
        org.org_id,
        min(alone.rule) as rule
    from {{ ref('stg_org') }} as org
    left join alone
        on alone.table_name = 'orgs' and org.district_id = alone.district_id and org.org_id = alone.row_id
    where org.org_type = 'school' and not coalesce({{ is_marked_gone('org.status') }}, false)
    group by org.district_id, org.org_id
),

classes as (
    select
        class.district_id,
        'classes' as table_name,
        class.file_name,
        class.class_id as row_id,
        case when school.org_id is null then 'REF103' else school.rule || ' of its school' end as rule,
        count(*) as row_count
    from {{ ref('stg_class') }} as class
    left join schools as school
        on class.district_id = school.district_id and class.school_id = school.org_id
    left join alone
        on alone.table_name = 'classes' and class.district_id = alone.district_id and class.class_id = alone.row_id
    where
        class.fault is null and {{ row_counts('class.status') }} and alone.row_id is null
        and (school.org_id is null or school.rule is not null)
    group by all
)

select * from alone
union all
select * from classes
