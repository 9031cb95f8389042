"""What a roster is as a whole: facts counted for all deliveries of the run in one query each, and the findings they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.quality.validation import open_session
from subgroup_pipeline.registry.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from subgroup_pipeline.registry.districts import RegisteredDistrict
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

ROLLOVER_SHARE = 0.40
"""Of the students may be gone when a new school year begins (design 3.14)."""
REMOVED_FLOOR = 20
"""Students; a removal guard never fires for fewer (design 3.12)."""

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


@dataclass(frozen=True)
class RosterFacts:
    """Active students of a roster, and of the one it replaces how many there were and how many are gone."""

    active_students: int
    students_before: int = 0
    students_removed: int = 0
    is_new_school_year: bool = False


def roster_facts(settings: Settings) -> dict[str, RosterFacts]:
    """Facts of every roster in `control.run_delivery`, by delivery."""
    with open_session(settings) as session:
        removed = {row[0]: (row[1], row[2]) for row in session.execute(_REMOVED).fetchall()}
        new_year = {row[0] for row in session.execute(_NEW_YEAR).fetchall()}
        return {
            delivery_id: RosterFacts(active, *removed.get(delivery_id, (0, 0)), delivery_id in new_year)
            for delivery_id, active in session.execute(_ROSTER).fetchall()
        }


def roster_findings(
    settings: Settings, districts: Mapping[str, RegisteredDistrict], deliveries: Iterable[Delivery]
) -> dict[str, tuple[list[Finding], dict[str, Any]]]:
    """Findings about each roster of `control.run_delivery` as a whole, and counts for the ledger, by delivery."""
    facts = roster_facts(settings)
    return {d.delivery_id: _about_roster(facts[d.delivery_id], districts[d.district_id]) for d in deliveries}


def _about_roster(facts: RosterFacts, district: RegisteredDistrict) -> tuple[list[Finding], dict[str, Any]]:
    findings: list[Finding] = []
    if not facts.active_students:
        findings.append(Finding("STU601", file="users.csv"))
        return findings, {"active_students": 0}
    allowed = ROLLOVER_SHARE if facts.is_new_school_year else district.settings.guards.removed_students
    if facts.students_removed > max(REMOVED_FLOOR, allowed * facts.students_before):
        about = f"{facts.students_removed} of {facts.students_before} are gone."
        findings.append(Finding("VOL301", file="users.csv", count=facts.students_removed, about=about))
    return findings, {"active_students": facts.active_students}
