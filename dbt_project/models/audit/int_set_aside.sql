-- Rows of the roster that no report uses, but for the gradebook (int_set_aside_gradebook): their number per id (or
-- file, where rows have no id) and rule they break. A row counts under the first of its rules. Rows of a parent that
-- is set aside go with it, under the parent's rule.
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
),

parents as (
    select * from alone
    union all
    select * from classes
),

faulty_parents as (
    select
        district_id,
        table_name,
        row_id,
        min(rule) as rule
    from parents
    group by all
),

class_ids as (
    select distinct
        district_id,
        class_id
    from {{ ref('stg_class') }}
),

user_ids as (
    select distinct
        district_id,
        user_id
    from {{ ref('stg_user') }}
),

enrollments as (
    select
        seat.district_id,
        'enrollments' as table_name,
        seat.file_name,
        cast(null as varchar) as row_id,
        coalesce(
            seat.fault,
            case
                when class.class_id is null then 'REF105'
                when person.user_id is null then 'REF106'
                when of_class.rule is not null then of_class.rule || ' of its class'
                else of_user.rule || ' of its user'
            end
        ) as rule,
        count(*) as row_count
    from {{ ref('stg_enrollment') }} as seat
    left join class_ids as class
        on seat.district_id = class.district_id and seat.class_id = class.class_id
    left join user_ids as person
        on seat.district_id = person.district_id and seat.user_id = person.user_id
    left join faulty_parents as of_class
        on of_class.table_name = 'classes'
        and seat.district_id = of_class.district_id
        and seat.class_id = of_class.row_id
    left join faulty_parents as of_user
        on of_user.table_name = 'users' and seat.district_id = of_user.district_id and seat.user_id = of_user.row_id
    where
        seat.fault is not null
        or {{ row_counts('seat.status') }}
        and (class.class_id is null or person.user_id is null or of_class.rule is not null or of_user.rule is not null)
    group by all
)

select * from parents
union all
select * from enrollments
