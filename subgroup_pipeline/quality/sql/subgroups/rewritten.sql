-- Adds to checks.likely_key the other keys that would meet a student if both were written alike, with what
-- differs. Both sides are brought into a form without any of the differences: the file's keys that are
-- nobody's, and students whom no key meets, so that a file whose keys match costs nothing. A form of two
-- students says nothing. Reads checks.file_key and checks.unmet_key. `form` is `key` without any of the
-- differences, `differences` pairs the words for one with the condition that `key` and `student_key` have it.
insert into checks.likely_key
with unknown as (
    select
        f.delivery_id,
        f.key,
        {{ form }} as form
    from checks.file_key as f
    anti join checks.likely_key as l on f.delivery_id = l.delivery_id and f.key = l.key
    where f.state = 'unknown'
),

unmet as (
    select
        k.delivery_id,
        min(k.key) as student_key,
        {{ form }} as form
    from checks.unmet_key as k
    anti join checks.likely_key as l on k.delivery_id = l.delivery_id and k.key = l.student_key
    where k.delivery_id in (select delivery_id from unknown)
    group by all
    having count(*) = 1
)

select
    unknown.delivery_id,
    unknown.key,
    unmet.student_key,
    list_filter(
        [
            {%- for words, is_at_play in differences %}
            case when {{ is_at_play }} then '{{ words }}' end{{ ',' if not loop.last }}
            {%- endfor %}
        ],
        lambda words: words is not null
    ) as differences,
    null as width
from unknown
inner join unmet on unknown.delivery_id = unmet.delivery_id and unknown.form = unmet.form
where unknown.form <> ''
