"""How a roster differs from the one it would replace: facts of all deliveries of the run, one query a question.

Ids are compared as 64-bit hashes: half the time of texts, and no guard turns on one record.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.limits import REMOVED_FLOOR

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


_LIVE = "row_counts(x.status)"
_STAFF = f"lower(x.role) in ('teacher', 'administrator', 'aide', 'proctor') and {_LIVE}"
_STUDENT = "is_active_student(x.role, x.enabledUser, x.status)"

# Of each kind: its raw table, the rows that count, and the cells that make a record another one.
_KINDS = {
    "students": ("users", _STUDENT, "givenName, familyName, identifier, username, userIds, orgSourcedIds, grades"),
    "staff": ("users", _STAFF, "givenName, familyName, identifier, username, userIds, orgSourcedIds"),
    "classes": ("classes", _LIVE, "title, courseSourcedId, schoolSourcedId, termSourcedIds"),
    "enrollments": ("enrollments", _LIVE, "classSourcedId, userSourcedId, role, beginDate, endDate"),
}
"""For a roster, `roster_delivery_id` is the roster that it would replace."""

_SIDES = """
with was as (
    select r.delivery_id, {columns} from warehouse.control.run_delivery r
    join warehouse.raw.{table} x on x.delivery_id = r.roster_delivery_id where r.feed = 'roster' and {counts}
), now as (
    select r.delivery_id, {columns} from warehouse.control.run_delivery r
    join warehouse.raw.{table} x on x.delivery_id = r.delivery_id
    where r.feed = 'roster' and r.roster_delivery_id is not null and {counts}
)
"""

_CHANGE = """
select delivery_id, count(was.id), count(now.id), count(*) filter (now.id is null), count(*) filter (was.id is null),
    count(*) filter (was.content <> now.content)
from was full join now using (delivery_id, id) group by all
"""

# A name counts when one student who is gone and one who is new have it: two of a name prove nothing.
_NEW_IDS = """
, gone as (select delivery_id, name from was anti join now using (delivery_id, id) group by all having count(*) = 1),
new as (select delivery_id, name from now anti join was using (delivery_id, id) group by all having count(*) = 1)
select delivery_id, count(*) from gone join new using (delivery_id, name) where name is not null group by all
"""

# The school is that of the class (docs/architecture.md 3.4), whether or not the enrollment holds today.
_SCHOOLS = f"""
with seat as (
    select r.delivery_id, x.delivery_id <> r.delivery_id as is_before, c.schoolSourcedId as school, hash(x.userSourcedId) as id
    from warehouse.control.run_delivery r
    join warehouse.raw.enrollments x on x.delivery_id in (r.delivery_id, r.roster_delivery_id)
    join warehouse.raw.classes c on c.delivery_id = x.delivery_id and c.sourcedId = x.classSourcedId
    where r.feed = 'roster' and r.roster_delivery_id is not null and lower(x.role) = 'student' and {_LIVE}
), student as (
    select delivery_id, school, id, bool_or(is_before) as was_there, bool_or(not is_before) as is_there from seat group by all
)
select delivery_id, count(*) filter (was_there), count(*) filter (was_there and not is_there)
from student group by delivery_id, school having count(*) filter (was_there and not is_there) > {REMOVED_FLOOR}
"""

_TIMES = """
select delivery_id, count(*) filter (now.id is not null and now.content < was.content),
    count(*) filter (now.content > was.content)
from was join now using (delivery_id, id) group by all
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


def roster_changes(session: duckdb.DuckDBPyConnection) -> dict[str, RosterChanges]:
    """Changes of every roster in `control.run_delivery` that would replace another one, by delivery."""
    changes: dict[str, RosterChanges] = defaultdict(RosterChanges)
    for kind, (table, counts, cells) in _KINDS.items():
        columns = f"hash(x.sourcedId) as id, hash({', '.join(f'x.{cell.strip()}' for cell in cells.split(','))}) as content"
        query = _SIDES.format(table=table, counts=counts, columns=columns) + _CHANGE
        for delivery_id, *numbers in session.execute(query).fetchall():
            changes[delivery_id].by_kind[kind] = Change(*numbers)
    for delivery_id, before, removed in session.execute(_SCHOOLS).fetchall():
        changes[delivery_id].schools.append((before, removed))
    name = "lower(x.givenName) || chr(31) || lower(x.familyName)"
    columns = f"hash(x.sourcedId) as id, {name} as name"
    for delivery_id, count in session.execute(
        _SIDES.format(table="users", counts=_STUDENT, columns=columns) + _NEW_IDS
    ).fetchall():
        changes[delivery_id].new_ids = count
    _compare_times(session, changes)
    for (delivery_id,) in session.execute(_NEW_YEAR).fetchall():
        changes[delivery_id].is_new_school_year = True
    return changes


def _compare_times(session: duckdb.DuckDBPyConnection, changes: dict[str, RosterChanges]) -> None:
    """Count records that both rosters have and that became older or newer by their own dateLastModified."""
    counts = "x.dateLastModified like '____-__-__T%' and x.file_name <> '(carried over)'"
    columns = "hash(x.sourcedId) as id, x.dateLastModified as content"
    for table in ("orgs", "academic_sessions", "courses", "classes", "users"):
        query = _SIDES.format(table=table, counts=counts, columns=columns) + _TIMES
        for delivery_id, older, newer in session.execute(query).fetchall():
            changes[delivery_id].records_older += older
            changes[delivery_id].records_newer += newer
