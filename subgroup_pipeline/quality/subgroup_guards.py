"""What a subgroup file is as a whole: match, absence, unmapped values, in one query each for all deliveries of the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.quality.validation import open_session
from subgroup_pipeline.registry.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from subgroup_pipeline.registry.districts import RegisteredDistrict
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

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
        first_keys(s.student_id) as keys
    from checks.subgroup_row s, unnest(map_entries(s.cells)) as t(e)
    where trimmed(coalesce(e.value, '')) <> '' group by all
)
select c.delivery_id, c.source_column, sum(c.n)::bigint, flatten(list(c.keys))[:getvariable('most_keys')]
from cell c
join warehouse.control.subgroup_column k using (district_id, source_column)
left join warehouse.control.subgroup_value v
    on v.district_id = c.district_id and v.subgroup = k.subgroup and lower(v.raw_key) = c.folded
where not k.is_open and v.value is null group by all
"""


@dataclass
class SubgroupFacts:
    """Distinct student ids of a file, how many match one active student, students of the roster that are not in it.

    `unmapped` has for each column the number of cells whose value was not set up, and ids to find lines by.
    """

    keys: int
    matched: int
    absent_students: int
    unmapped: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def match_rate(self) -> float:
        """Share of 1; 0 for a file without ids."""
        return self.matched / self.keys if self.keys else 0.0


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


def subgroup_findings(
    settings: Settings, districts: Mapping[str, RegisteredDistrict], deliveries: Iterable[Delivery]
) -> dict[str, tuple[list[Finding], dict[str, Any]]]:
    """Findings about each subgroup file of `control.run_delivery` as a whole, and counts for the ledger, by delivery."""
    facts = subgroup_facts(settings)
    return {d.delivery_id: _about_subgroups(facts[d.delivery_id], districts[d.district_id], d) for d in deliveries}


def _about_subgroups(
    facts: SubgroupFacts, district: RegisteredDistrict, delivery: Delivery
) -> tuple[list[Finding], dict[str, Any]]:
    name = delivery.files[0].name
    subgroups = district.settings.subgroups
    id_column = subgroups.student_id_column if subgroups else "student_id"
    findings: list[Finding] = []
    if facts.match_rate < district.settings.guards.match_rate:
        about = f"{facts.matched} of {facts.keys} are; at least {district.settings.guards.match_rate:.0%} should be."
        findings.append(Finding("SUB508", file=name, column=id_column, count=facts.keys - facts.matched, about=about))
    if facts.absent_students:
        findings.append(Finding("SUB507", file=name, count=facts.absent_students))
    for column, (count, keys) in sorted(facts.unmapped.items()):
        findings.append(Finding("SUB506", file=name, column=column, count=count, key_column=id_column, keys=keys))
    return findings, {"student_ids": facts.keys, "matched": facts.matched, "absent_students": facts.absent_students}
