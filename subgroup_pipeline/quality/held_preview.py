"""What approving a held delivery would change: students, schools, groups and matches before and after, in counts.

It is counted while the delivery is judged, from the warehouse as it stands then, and only for deliveries that end up held; the
portal shows it from the ledger. What the guards counted already is taken from them. Texts that the settings do not name have no
name here either, because they may be a student's own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from subgroup_pipeline.districts.district_file import NOT_REPORTED
from subgroup_pipeline.districts.subgroup_sources import RACE_ETHNICITY
from subgroup_pipeline.quality.cell_counts import OF_ROSTERS
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.registry.delivery_record import Count, GroupCount, Preview, SchoolCount
from subgroup_pipeline.registry.ledger import FEEDS, live_deliveries
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from subgroup_pipeline.districts.district_file import Subgroups
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.quality.assessment import Assessment
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.registry.schema import Delivery

_ROLL_UP = f"demographics.{RACE_ETHNICITY}"
SIDES = Table(
    "checks",
    "preview_side",
    "What a district would be built from: with each held delivery, and without it.",
    {
        "delivery_id": Column("varchar", "The held delivery, with `/before` for what stands without it.", required=True),
        "district_id": Column("varchar", "Key of the district.", required=True),
        "roster_delivery_id": Column("varchar", "The roster.", required=True),
        "subgroup_delivery_id": Column("varchar", "The subgroup file; null without one."),
        "match_field": Column("varchar", "What of users.csv the ids of the file are matched against."),
    },
)


class _Pair(NamedTuple):
    """Roster and subgroup file that a district is built from; students as the ledger or the guards counted them."""

    roster: str
    subgroups: str | None
    students: int | None


@dataclass
class _Side:
    """What one side counts to: students by (school, its name) and by (subgroup, value); ids, and those that match."""

    schools: dict[tuple[str, str], int] = field(default_factory=dict)
    groups: dict[tuple[str, str | None], int] = field(default_factory=dict)
    ids: int = 0
    matched: int = 0


class _Held(NamedTuple):
    """A held delivery, the district's settings for subgroups, and the pairs without it (None for a first one) and with it."""

    delivery: Delivery
    subgroups: Subgroups | None
    before: _Pair | None
    now: _Pair

    @property
    def is_roster(self) -> bool:
        return self.delivery.feed == "roster"


def preview_held(
    registry: Registry,
    session: duckdb.DuckDBPyConnection,
    districts: Mapping[str, RegisteredDistrict],
    deliveries: Sequence[Delivery],
    assessments: Mapping[str, Assessment],
) -> dict[str, Preview]:
    """Previews of these deliveries of one feed, by delivery; `session` is the one in which they were assessed."""
    with registry.begin() as ledger:
        live = {feed: live_deliveries(ledger, feed) for feed in FEEDS}
    held = []
    for delivery in deliveries:
        district = districts[delivery.district_id]
        of_district = {feed: live[feed].get(delivery.district_id) for feed in FEEDS}
        held.append(_held(delivery, district, of_district, assessments[delivery.delivery_id]))
    sides = _count(session, held)
    return {one.delivery.delivery_id: _preview(one, sides, assessments[one.delivery.delivery_id]) for one in held}


def _held(
    delivery: Delivery, district: RegisteredDistrict, live: Mapping[Feed, Delivery | None], assessment: Assessment
) -> _Held:
    """A roster is looked at with the subgroup file that is live, and a subgroup file with the live roster."""
    roster, file = live["roster"], live["subgroups"]
    file_id = file.delivery_id if file else None
    own = delivery.delivery_id
    before = _Pair(roster.delivery_id, file_id, roster.record.active_students) if roster else None
    if delivery.feed == "roster":
        return _Held(delivery, district.settings.subgroups, before, _Pair(own, file_id, assessment.noted.active_students))
    if before is None:
        raise ValueError(f"{own} is a subgroup file and was judged without a roster")
    now = before._replace(subgroups=own)
    return _Held(delivery, district.settings.subgroups, before if file_id else None, now)


def _count(session: duckdb.DuckDBPyConnection, held: Sequence[_Held]) -> dict[str, _Side]:
    """Count every side, by label; one query a question for all of them."""
    session.execute(f"create table {SIDES} {SIDES.definition}")
    insert_rows(session, SIDES, [row for one in held for row in _side_rows(one)])
    sides: dict[str, _Side] = defaultdict(_Side)

    def rows(name: str) -> list[tuple[str, ...]]:
        return session.execute(fact_query(f"preview/{name}", sides=SIDES, cells=OF_ROSTERS, roll_up=_ROLL_UP)).fetchall()

    session.execute(fact_query("preview/rows", sides=SIDES))
    for label, ids, matched in rows("match"):
        sides[label].ids, sides[label].matched = int(ids), int(matched)
    values = rows("values")
    if held[0].is_roster:
        for label, school, name, students in rows("schools"):
            sides[label].schools[school, name] = int(students)
        if any(one.subgroups and one.subgroups.reads_roster for one in held):
            values += rows("roster_values")
    for label, subgroup, value, students in values:
        sides[label].groups[subgroup, value] = int(students)
    return sides


def _before(delivery: Delivery) -> str:
    return f"{delivery.delivery_id}/before"


def _side_rows(held: _Held) -> Iterator[dict[str, str | None]]:
    for label, pair in ((_before(held.delivery), held.before), (held.delivery.delivery_id, held.now)):
        if pair is not None:
            yield {
                "delivery_id": label,
                "district_id": held.delivery.district_id,
                "roster_delivery_id": pair.roster,
                "subgroup_delivery_id": pair.subgroups,
                "match_field": held.subgroups.match_field if held.subgroups else None,
            }


def _preview(held: _Held, sides: Mapping[str, _Side], assessment: Assessment) -> Preview:
    now = sides.get(held.delivery.delivery_id, _Side())
    before = sides.get(_before(held.delivery), _Side()) if held.before else None
    counted, uncounted = _subgroups(held)
    replaced = held.before and (held.before.roster if held.is_roster else held.before.subgroups)
    preview = Preview(
        replaces=replaced,
        groups=tuple(_groups(held, counted, before, now)),
        uncounted_subgroups=tuple(uncounted),
    )
    if held.now.subgroups:
        ids = Count(before=before.ids if before else None, now=now.ids)
        matched = Count(before=before.matched if before else None, now=now.matched)
        preview = preview.model_copy(update={"student_ids": ids, "matched": matched})
    return preview.model_copy(update=_of_roster(held, before, now, assessment)) if held.is_roster else preview


def _of_roster(held: _Held, before: _Side | None, now: _Side, assessment: Assessment) -> dict[str, object]:
    """Students, classes, enrollments and schools, mostly as the guards counted them; a first roster has its rows alone."""
    counts, changes = assessment.counts, assessment.noted.changes
    files = held.delivery.record.files.values()
    landed = {table: sum(file.landed for file in files if file.table == table) for table in ("classes", "enrollments")}
    names = now.schools.keys() | (before.schools.keys() if before else set())
    by_school = dict(sorted(names))
    before_by_school = {school: n for (school, _), n in before.schools.items()} if before else {}
    now_by_school = {school: n for (school, _), n in now.schools.items()}
    schools = [
        SchoolCount(
            school_id=school,
            name=name,
            before=before_by_school.get(school, 0) if before else None,
            now=now_by_school.get(school, 0),
        )
        for school, name in by_school.items()
    ]
    return {
        "students": counts.get("students", Count(now=held.now.students or 0)),
        "new_students": changes.new if changes else None,
        "gone_students": changes.removed if changes else None,
        **{table: counts.get(table, Count(now=n)) for table, n in landed.items()},
        "schools": tuple(sorted(schools, key=lambda one: (one.name, one.school_id))),
    }


def _subgroups(held: _Held) -> tuple[list[str], list[str]]:
    """Subgroups that this delivery can change and that can be counted here, and those that cannot."""
    counted, uncounted = [], []
    for name, column in held.subgroups.columns.items() if held.subgroups else ():
        places = held.subgroups.places(name) if held.subgroups else ()
        sources = {place.source for place in places}
        if sources == {"file"}:
            counted += [column.subgroup] if held.now.subgroups else []
        elif held.is_roster and len(places) == 1 and places[0].column != _ROLL_UP:
            counted.append(column.subgroup)
        elif held.is_roster or "file" in sources:
            uncounted.append(column.subgroup)
    return counted, uncounted


def _groups(held: _Held, counted: Sequence[str], before: _Side | None, now: _Side) -> Iterator[GroupCount]:
    """Values of each subgroup in the order of the settings. Who has no value is not reported, as in the models."""
    then = _whole(before.groups, counted, held.before.students) if before and held.before else None
    after = _whole(now.groups, counted, held.now.students)
    keys = after.keys() | (then.keys() if then else set())
    for subgroup, value in sorted(keys, key=lambda key: (counted.index(key[0]), key[1] is None, key[1] or "")):
        was = then.get((subgroup, value), 0) if then is not None else None
        is_now = after.get((subgroup, value), 0)
        if was or is_now:
            yield GroupCount(subgroup=subgroup, value=value, before=was, now=is_now)


def _whole(
    groups: Mapping[tuple[str, str | None], int], counted: Sequence[str], students: int | None
) -> dict[tuple[str, str | None], int]:
    """The groups of these subgroups; students of whom nothing says anything are put under `not_reported`."""
    whole = {key: n for key, n in groups.items() if key[0] in counted}
    for subgroup in counted if students is not None else ():
        rest = (students or 0) - sum(n for (name, _), n in whole.items() if name == subgroup)
        if rest > 0:
            whole[subgroup, NOT_REPORTED] = whole.get((subgroup, NOT_REPORTED), 0) + rest
    return whole
