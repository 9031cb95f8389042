{# What several checks are made of. A check gives delivery_id, n (failing rows) and keys (of some of them, to find their
   lines by); with `code` and `column_name` one query answers for several findings. A check of single cells is no query: its file
   sets `faults`, and all of a table's are answered in one pass. #}

{# Rows by `<finding code> <column>`, as `fault` says it, with their keys. #}
{% macro by_fault(rows) -%}
    select
        delivery_id,
        split_part(fault, ' ', 1) as code,
        split_part(fault, ' ', 2) as column_name,
        count(*) as n,
        first_keys(sourcedId) as keys
    from {{ rows }}
    where fault is not null
    group by all
{%- endmacro %}

{# Adds to `faults` those of the words that every file has: status and dateLastModified. #}
{% macro add_faults_of_every_file(faults) -%}
    {%- do faults.extend([
        ('VOC202 status', is_in_other_capitals('status_as_written', 'status')),
        ('VOC208 status', "(status = 'inactive' or status = 'tobedeleted' and not is_change)"),
        ('DAT303 dateLastModified', 'not ' ~ is_utc_time('dateLastModified')),
    ]) -%}
{%- endmacro %}

{# Rows that count and whose cell, a list of ids, has a member that `parents` has not. Each list is looked up once. #}
{% macro with_unknown_members(batch, list_column, parents) -%}
    with cells as (
        select distinct
            delivery_id,
            {{ list_column }} as cell
        from {{ batch }}
        where {{ list_column }} is not null
    ),

    members as (
        select
            delivery_id,
            cell,
            {{ members_of('cell') }} as member
        from cells
    ),

    trimmed_members as (
        select
            delivery_id,
            cell,
            {{ trimmed('member') }} as id
        from members
    ),

    unknown as (
        select distinct
            m.delivery_id,
            m.cell
        from trimmed_members as m
        anti join {{ parents }} as p on m.delivery_id = p.delivery_id and m.id = p.sourcedId
        where m.id is not null
    )

    select
        c.delivery_id,
        count(*) as n,
        first_keys(c.sourcedId) as keys
    from {{ batch }} as c
    inner join unknown as u on c.delivery_id = u.delivery_id and c.{{ list_column }} = u.cell
    where c.counts
    group by c.delivery_id
{%- endmacro %}

{# Rows that count and name a parent which `parents` has not. #}
{% macro without_parent(batch, column, parents) -%}
    select
        c.delivery_id,
        count(*) as n,
        first_keys(c.sourcedId) as keys
    from {{ batch }} as c
    anti join {{ parents }} as p on c.delivery_id = p.delivery_id and c.{{ column }} = p.sourcedId
    where c.{{ column }} is not null and c.counts
    group by c.delivery_id
{%- endmacro %}

{# Recursive: each row that counts with every row above it, up to 30 steps or until it meets itself. #}
{% macro ancestors(batch) -%}
    up as (
        select
            delivery_id,
            sourcedId as start,
            parentSourcedId as above,
            1 as depth
        from {{ batch }}
        where parentSourcedId is not null and counts
        union
        select
            u.delivery_id,
            u.start,
            p.parentSourcedId as above,
            u.depth + 1 as depth
        from up as u
        inner join {{ batch }} as p on u.delivery_id = p.delivery_id and u.above = p.sourcedId
        where p.parentSourcedId is not null and u.above <> u.start and u.depth < 30
    )
{%- endmacro %}

{# REF112: rows of `up` that are above themselves. REF111: rows that name a parent which their file has not. #}
{% macro rings_and_orphans(batch) -%}
    select
        delivery_id,
        'REF112' as code,
        count(distinct start) as n,
        keys_of_groups([start]) as keys
    from up
    where above = start
    group by delivery_id
    union all
    select
        delivery_id,
        'REF111' as code,
        n,
        keys
    from ({{ without_parent(batch, 'parentSourcedId', batch) }})
{%- endmacro %}

{# Rows that say by status or dateLastModified another mode than manifest.csv does for their file. `lacking` is the code of a
   row of a file of changes without one of them. #}
{% macro by_other_mode(batch, lacking) -%}
    with of_file as (
        select
            delivery_id,
            sourcedId,
            is_change,
            status is not null and dateLastModified is not null as has_both,
            status is not null or dateLastModified is not null as has_any
        from {{ batch }}
        where not is_carried_over
    ),

    counted as (
        select
            delivery_id,
            is_change,
            count(*) as n_rows,
            count(*) filter (where has_both) as n_both,
            count(*) filter (where has_any) as n_any,
            first_keys(case when not is_change and has_any then sourcedId end) as keys_any,
            count(*) filter (where not has_both) as n_lacking,
            first_keys(case when is_change and not has_both then sourcedId end) as keys_lacking
        from of_file
        group by all
    )

    select
        delivery_id,
        '{{ lacking }}' as code,
        n_lacking as n,
        keys_lacking as keys
    from counted
    where is_change and n_lacking > 0
    union all
    select
        delivery_id,
        case when n_both = n_rows then 'DLT103' else 'DLT101' end as code,
        n_any as n,
        keys_any as keys
    from counted
    where not is_change and n_any > 0
{%- endmacro %}
