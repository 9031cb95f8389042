-- Leaves equation: what an outsider knows to hold between cells whatever they count. The members add up to the whole
-- (relation equal), or to no more (at_most) or no less (at_least) of it. All of it holds for the true counts.
create or replace temp table equation as
with
-- Every student of a place has one value of each subgroup.
partitions as (
    select
        total.piece,
        total.key as whole,
        list(part.key order by part.key) as members,
        'equal' as relation
    from audited as total
    inner join audited as part
        on total.place = part.place and not part.is_total and part.with_subgroup is null
    where total.is_total
    group by total.piece, total.key, part.subgroup
),

-- The partners of a group, in each other subgroup, add up to the group; a pair stands in two such sums.
groups_of_pairs as (
    select piece, place, key, subgroup, value, with_subgroup as other
    from audited
    where with_subgroup is not null
    union all
    select piece, place, key, with_subgroup, with_value, subgroup
    from audited
    where with_subgroup is not null
),

margins as (
    select
        part.piece,
        margin.key as whole,
        list(part.key order by part.key) as members,
        'equal' as relation
    from groups_of_pairs as part
    inner join audited as margin
        on part.place = margin.place
        and part.subgroup = margin.subgroup
        and part.value = margin.value
        and margin.with_subgroup is null
    group by part.piece, margin.key, part.other
),

-- Schools against their district, courses against their school: students may be in several, or in none. That nobody is
-- in several, or nobody in none, is what people of the place know; where it is true of every count it is taken for
-- known. Where few students are in several places, nobody of a rare value probably is: where that is true, the guess is
-- taken for known too.
sums as (
    select
        whole.piece,
        whole.key as whole,
        whole.level,
        whole.school_id,
        list(part.part order by part.part) filter (where part.part is not null) as members,
        coalesce(sum(part.of_part), 0) - any_value(whole.student_count) as excess,
        any_value(whole.is_total) as is_total,
        any_value(whole.student_count) as student_count,
        any_value(whole.minimum_count) as minimum_count
    from audited as whole
    left join containment as part
        on whole.key = part.whole and (part.part_level, part.whole_level) <> ('course', 'district')
    where whole.level in ('district', 'school') and (whole.level = 'district' or whole.with_subgroup is null)
    group by whole.piece, whole.key, whole.level, whole.school_id
),

columns as (
    select
        piece,
        whole,
        members,
        case
            when excess = 0 and (is_a_guess or every_excess.least = every_excess.most) then 'equal'
            when every_excess.least >= 0 then 'at_least'
            when every_excess.most <= 0 then 'at_most'
        end as relation
    from (
        select
            *,
            bool_or(is_total and abs(excess) < greatest(minimum_count, student_count / 10))
                over (partition by piece, level, school_id)
                as is_a_guess,
            {
                least: min(excess) over (partition by piece, level, school_id),
                most: max(excess) over (partition by piece, level, school_id)
            } as every_excess
        from sums
    ) as compared
    where members is not null
),

contained as (
    select
        piece,
        whole,
        [part] as members,
        'at_most' as relation
    from containment
    where (part_level, whole_level) <> ('course', 'district')
)

select
    row_number() over (order by piece, relation, whole, members) as equation,
    *
from (
    from partitions
    union by name
    from margins
    union by name
    select *
    from columns
    where relation is not null
    union by name
    from contained
) as every_equation
