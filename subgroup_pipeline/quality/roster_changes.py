"""How a roster differs from the one it would replace: facts of all deliveries of the run, one query per question."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.limits import REMOVED_FLOOR
from subgroup_pipeline.landing.delta import CARRIED_OVER
from subgroup_pipeline.quality.check_session import fact_query

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Change:
    """Records of one kind: how many there were and are, and how many of them are gone, new, or not the same."""

    before: int = 0
    now: int = 0
    removed: int = 0
    added: int = 0
    changed: int = 0


@dataclass
class RosterChanges:
    """Everything that the guards ask of one roster. `schools` holds (students before, gone) of schools that lost many."""

    by_kind: dict[str, Change] = field(default_factory=dict)
    schools: list[tuple[int, int]] = field(default_factory=list)
    new_ids: int = 0
    records_older: int = 0
    records_newer: int = 0
    is_new_school_year: bool = False
    lost_results: bool = False


_OF_A_PERSON = ("givenName", "familyName", "identifier", "username", "userIds", "orgSourcedIds")
_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "students": ("users", "students", (*_OF_A_PERSON, "grades")),
    "staff": ("users", "staff", _OF_A_PERSON),
    "classes": ("classes", "rows", ("title", "courseSourcedId", "schoolSourcedId", "termSourcedIds")),
    "enrollments": ("enrollments", "rows", ("classSourcedId", "userSourcedId", "role", "beginDate", "endDate")),
}
"""Of each kind: its raw table, who counts, and the cells that make a record another one."""
_DATED = ("orgs", "academic_sessions", "courses", "classes", "users")


def roster_changes(session: duckdb.DuckDBPyConnection) -> dict[str, RosterChanges]:
    """Changes of every roster in `control.run_delivery` that would replace another one, by delivery."""
    changes: dict[str, RosterChanges] = defaultdict(RosterChanges)
    for kind, (table, who, cells) in _KINDS.items():
        query = fact_query("roster/changes", table=table, who=who, cells=cells)
        for delivery_id, *numbers in session.execute(query).fetchall():
            changes[delivery_id].by_kind[kind] = Change(*numbers)
    for delivery_id, before, removed in session.execute(fact_query("roster/schools", floor=REMOVED_FLOOR)).fetchall():
        changes[delivery_id].schools.append((before, removed))
    for delivery_id, count in session.execute(fact_query("roster/new_ids")).fetchall():
        changes[delivery_id].new_ids = count
    for table in _DATED:
        query = fact_query("roster/times", table=table, carried_over=CARRIED_OVER)
        for delivery_id, older, newer in session.execute(query).fetchall():
            changes[delivery_id].records_older += older
            changes[delivery_id].records_newer += newer
    for (delivery_id,) in session.execute(fact_query("roster/new_year")).fetchall():
        changes[delivery_id].is_new_school_year = True
    for (delivery_id,) in session.execute(fact_query("roster/vanished_results")).fetchall():
        changes[delivery_id].lost_results = True
    return changes
