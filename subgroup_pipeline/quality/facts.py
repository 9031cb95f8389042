"""Facts about a delivery as a whole, counted for all deliveries of the run in one query each: match, absence, removal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.quality.validation import open_session

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings

_ACTIVE = """
    trimmed({u}.role) = 'student' and coalesce(lower(trimmed({u}.enabledUser)), '') <> 'false'
    and coalesce(trimmed({u}.status), '') in ('', 'active')
"""

_ROSTER = f"""
select r.delivery_id, count(u.sourcedId) filter ({_ACTIVE.format(u="u")})
from warehouse.control.run_delivery r left join warehouse.raw.users u using (delivery_id)
where r.feed = 'roster' group by all
"""

# For a roster, roster_delivery_id is the roster it would replace.
_REMOVED = f"""
select r.delivery_id, count(*), count(*) filter (now.sourcedId is null)
from warehouse.control.run_delivery r
join warehouse.raw.users was on was.delivery_id = r.roster_delivery_id and {_ACTIVE.format(u="was")}
left join warehouse.raw.users now
    on now.delivery_id = r.delivery_id and now.sourcedId = was.sourcedId and {_ACTIVE.format(u="now")}
where r.feed = 'roster' group by all
"""

_NEW_YEAR = """
select r.delivery_id
from warehouse.control.run_delivery r
where r.feed = 'roster' and (
    select max(try_cast(s.schoolYear as integer)) from warehouse.raw.academic_sessions s where s.delivery_id = r.delivery_id
) > (
    select max(try_cast(s.schoolYear as integer)) from warehouse.raw.academic_sessions s
    where s.delivery_id = r.roster_delivery_id
)
"""

# Match rate (design 3.7): distinct keys that match one active student, of distinct keys that are not blank.
_MATCH = """
with keys as (select distinct delivery_id, trimmed(student_id) as key from checks.subgroup_row where student_id is not null),
matched as (
    select delivery_id, key, k.first_student is not null and k.first_student = k.last_student as is_one
    from keys left join checks.roster_key k using (delivery_id, key)
),
students as (
    select delivery_id, count(distinct first_student) as n from (
        select delivery_id, first_student from checks.roster_key where first_student = last_student
    ) group by all
)
select r.delivery_id, count(m.key), count(m.key) filter (m.is_one), any_value(coalesce(s.n, 0))
from warehouse.control.run_delivery r
left join matched m using (delivery_id) left join students s using (delivery_id)
where r.feed = 'subgroups' group by all
"""

_UNMAPPED = """
with cell as (
    select s.delivery_id, s.district_id, e.key as source_column, lower(trimmed(e.value)) as folded, count(*) as n,
        min(s.student_id, 5) as keys
    from checks.subgroup_row s, unnest(map_entries(s.cells)) as t(e)
    where trimmed(coalesce(e.value, '')) <> '' group by all
)
select c.delivery_id, c.source_column, sum(c.n)::bigint, min(c.keys)
from cell c
join warehouse.control.subgroup_column k using (district_id, source_column)
left join warehouse.control.subgroup_value v
    on v.district_id = c.district_id and v.subgroup = k.subgroup and lower(v.raw_key) = c.folded
where not k.is_open and v.value is null group by all
"""


@dataclass(frozen=True)
class RosterFacts:
    """Active students of a roster, and of the one it replaces how many there were and how many are gone."""

    active_students: int
    students_before: int = 0
    students_removed: int = 0
    is_new_school_year: bool = False


@dataclass
class SubgroupFacts:
    """Distinct student ids of a file, how many match one active student, students of the roster that are not in it.

    `unmapped` has for each column the number of cells whose value was not set up, and up to five ids to find lines by.
    """

    keys: int
    matched: int
    absent_students: int
    unmapped: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def match_rate(self) -> float:
        """Share of 1; 0 for a file without ids."""
        return self.matched / self.keys if self.keys else 0.0


def roster_facts(settings: Settings) -> dict[str, RosterFacts]:
    """Facts of every roster in `control.run_delivery`, by delivery."""
    with open_session(settings) as session:
        removed = {row[0]: (row[1], row[2]) for row in session.execute(_REMOVED).fetchall()}
        new_year = {row[0] for row in session.execute(_NEW_YEAR).fetchall()}
        return {
            delivery_id: RosterFacts(active, *removed.get(delivery_id, (0, 0)), delivery_id in new_year)
            for delivery_id, active in session.execute(_ROSTER).fetchall()
        }


def subgroup_facts(settings: Settings) -> dict[str, SubgroupFacts]:
    """Facts of every subgroup file in `control.run_delivery`, by delivery."""
    with open_session(settings) as session:
        facts = {
            delivery_id: SubgroupFacts(keys, matched, students - matched)
            for delivery_id, keys, matched, students in session.execute(_MATCH).fetchall()
        }
        for delivery_id, column, count, keys in session.execute(_UNMAPPED).fetchall():
            facts[delivery_id].unmapped[column] = (count, tuple(keys))
    return facts
