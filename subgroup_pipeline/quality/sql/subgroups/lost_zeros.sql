-- Leaves checks.likely_key with keys that would meet a student if zeros were put before them up to one width:
-- that by which most students are met. A student whom another row of the file meets already does not count, nor
-- does a number that is somebody's as it is. Reads checks.file_key and checks.unmet_key.
create table checks.likely_key as
with short as (
    select
        delivery_id,
        key,
        ltrim(key, '0') as digits
    from checks.file_key
    where state = 'unknown' and regexp_full_match(key, '[0-9]+')
),

wide as (
    select
        delivery_id,
        key,
        ltrim(key, '0') as digits
    from checks.unmet_key
    where regexp_full_match(key, '0[0-9]+')
),

pair as (
    select
        s.delivery_id,
        s.key,
        w.key as student_key,
        length(w.key) as width
    from short as s
    inner join wide as w on s.delivery_id = w.delivery_id and s.digits = w.digits
    where length(s.key) < length(w.key)
),

met as (
    select
        delivery_id,
        width,
        count(distinct student_key) as n
    from pair
    group by all
),

best as (
    select
        delivery_id,
        arg_max(width, n) as width
    from met
    group by all
)

select
    p.delivery_id,
    p.key,
    p.student_key,
    ['{{ zeros }}'] as differences,
    p.width
from pair as p
inner join best as b on p.delivery_id = b.delivery_id and p.width = b.width
