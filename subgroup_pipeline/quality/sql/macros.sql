{# What several fact queries are made of. #}

{# What `student_id` is matched against in these rosters, one row per key. `rosters` gives delivery_id (a label),
   roster_delivery_id and match_field. A key has the lowest and the highest sourcedId of the active students that have it:
   null when it is of inactive students or other people only, different when two students have it. #}
{% macro roster_keys(rosters) -%}
    with person as materialized (
        select
            r.delivery_id,
            u.sourcedId,
            {{ is_active_student('u.role', 'u.enabledUser', 'u.status') }} as is_active,
            {{ match_key(
                'r.match_field', 'u.sourcedId', 'u.identifier', 'u.username', 'u.userIds', 'u.metadata'
            ) }} as key
        from {{ rosters }} as r
        inner join warehouse.raw.users as u on r.roster_delivery_id = u.delivery_id
        where u.sourcedId is not null
    )

    select
        delivery_id,
        key,
        min(sourcedId) filter (where is_active) as first_student,
        max(sourcedId) filter (where is_active) as last_student
    from person
    where key is not null
    group by all
{%- endmacro %}

{# Two CTEs: the rows (as x, those that count) of each roster of the run that would replace another one, in the one that is
   replaced (`was`) and in itself (`now`). Ids are compared as 64-bit hashes: half the time of texts, and no guard turns on
   one record. `roster_delivery_id` of a roster is the roster that it would replace. #}
{% macro both_rosters(table, columns, counts) -%}
    was as (
        select
            r.delivery_id,
            hash(x.sourcedId) as id,
            {{ columns }}
        from warehouse.control.run_delivery as r
        inner join warehouse.raw.{{ table }} as x on r.roster_delivery_id = x.delivery_id
        where r.feed = 'roster' and {{ counts }}
    ),

    now as (
        select
            r.delivery_id,
            hash(x.sourcedId) as id,
            {{ columns }}
        from warehouse.control.run_delivery as r
        inner join warehouse.raw.{{ table }} as x on r.delivery_id = x.delivery_id
        where r.feed = 'roster' and r.roster_delivery_id is not null and {{ counts }}
    )
{%- endmacro %}

{# The seats of students in classes of these rosters, by school: that of the class, whether or not the enrollment holds today.
   `rosters` gives read_id (a roster) and `labels`, which each seat keeps. #}
{% macro seats(rosters, labels) -%}
    select
        r.{{ labels | join(',\n        r.') }},
        c.schoolSourcedId as school,
        hash(x.userSourcedId) as id
    from {{ rosters }} as r
    inner join warehouse.raw.enrollments as x on r.read_id = x.delivery_id
    inner join warehouse.raw.classes as c on x.delivery_id = c.delivery_id and x.classSourcedId = c.sourcedId
    where lower(x.role) = 'student' and {{ row_counts('x.status') }}
{%- endmacro %}
