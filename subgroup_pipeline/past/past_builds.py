"""Which builds of the history are to be read again: those read or counted under other settings, if their files are still kept.

What students were is read again from the newest build back to the first whose files are gone: a build before that keeps what it
has. The counts of a month are those of its last build that holds; they are counted again where they are another build's (it was
taken back), or mean something else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.build.history import aware
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.registry.builds import districts_to_look_at, holding_builds
from subgroup_pipeline.registry.ledger import base_deliveries
from subgroup_pipeline.registry.schema import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import duckdb
    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.home import Home
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Build


@dataclass(frozen=True)
class BuiltDistrict:
    """A district in scope: from when tonight's build writes, for which month, and the keys of today's settings."""

    district: RegisteredDistrict
    history_from: datetime
    effective_at: datetime
    month: str
    reading_key: str
    meaning_key: str


@dataclass(frozen=True)
class PastBuild:
    """A build that is read again. `roster` and `subgroups` are its deliveries, `bases` the rosters that it is composed with.

    `is_folded`: what its students were becomes part of the history anew; `is_counted`: its month's counts do.
    """

    build: Build
    district: RegisteredDistrict
    roster: Delivery
    subgroups: Delivery | None
    bases: tuple[Delivery, ...]
    is_folded: bool = False
    is_counted: bool = False

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that is landed for it."""
        return [*self.bases, self.roster, *([self.subgroups] if self.subgroups else [])]


@dataclass
class _Files:
    """The deliveries of builds, as far as the archive has their files."""

    session: Session
    home: Home
    unreadable: set[str]
    known: dict[str, list[Delivery] | None] = field(default_factory=dict)

    def of(self, delivery_id: str) -> list[Delivery] | None:
        """A delivery and its bases, itself last; None where a file is gone or the settings cannot read it."""
        if delivery_id not in self.known:
            self.known[delivery_id] = self._find(delivery_id)
        return self.known[delivery_id]

    def _find(self, delivery_id: str) -> list[Delivery] | None:
        delivery = self.session.get(Delivery, delivery_id)
        if delivery is None:
            return None
        all_of_it = [*reversed(base_deliveries(self.session, [delivery])), delivery]
        archive = DistrictArchive(self.home, delivery.district_id)
        is_there = all(archive.find(file.sha256) for one in all_of_it for file in one.files if not file.member_of)
        return all_of_it if is_there and not self.unreadable & {one.delivery_id for one in all_of_it} else None


def districts_in_scope(
    connection: duckdb.DuckDBPyConnection, districts: Iterable[RegisteredDistrict]
) -> dict[str, BuiltDistrict]:
    """The districts of `control.run_scope` by key."""
    known = {district.district_id: district for district in districts}
    columns = "district_id, history_from, effective_at, month, reading_key, meaning_key"
    rows = connection.execute(f"select {columns} from control.run_scope").fetchall()
    return {row[0]: BuiltDistrict(known[row[0]], *map(aware, row[1:])) for row in rows if row[0] in known}


def counted_months(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], datetime]:
    """The effective time of the build whose counts are kept, by district and month, of the districts of `control.run_scope`."""
    query = """
        select district_id, month, max(effective_at) from history.month_count
        where district_id in (select district_id from control.run_scope) group by all
    """
    return {(row[0], aware(row[1])): aware(row[2]) for row in connection.execute(query).fetchall()}


def builds_to_read(
    registry: Registry,
    home: Home,
    scope: Mapping[str, BuiltDistrict],
    counted: Mapping[tuple[str, str], datetime],
    unreadable: Iterable[str] = (),
) -> list[PastBuild]:
    """The builds that are read again, per district from the oldest; `unreadable` are deliveries that the settings cannot read."""
    found: list[PastBuild] = []
    with registry.begin() as session:
        keys = {district_id: (one.reading_key, one.meaning_key, one.history_from) for district_id, one in scope.items()}
        files = _Files(session, home, set(unreadable))
        for district_id in districts_to_look_at(session, keys):
            one = scope[district_id]
            # A build of the same time as tonight's stays in the history if tonight's fails its tests.
            builds = holding_builds(session, district_id, one.history_from, one.effective_at)
            found += _of_district(one, builds, counted, files)
    return found


def _of_district(
    one: BuiltDistrict, builds: list[Build], counted: Mapping[tuple[str, str], datetime], files: _Files
) -> list[PastBuild]:
    folded = _folded(one, builds, files)
    months = {build.month: build for build in builds if build.effective_at < one.history_from}
    months.pop(one.month, None)
    to_count = {
        build.effective_at
        for month, build in months.items()
        if counted.get((build.district_id, month)) != build.effective_at or build.meaning_key != one.meaning_key
    }
    found = []
    for build in builds:
        is_folded, is_counted = build.effective_at in folded, build.effective_at in to_count
        if (is_folded or is_counted) and (read := _read(one, build, files)) is not None:
            found.append(PastBuild(build, one.district, *read, is_folded=is_folded, is_counted=is_counted))
    return found


def _folded(one: BuiltDistrict, builds: list[Build], files: _Files) -> set[datetime]:
    """The builds from the oldest that is to be read and can be, without a gap up to now."""
    stale = [at for at, build in enumerate(builds) if build.reading_key != one.reading_key]
    first = len(builds)
    while stale and first > stale[0] and _read(one, builds[first - 1], files) is not None:
        first -= 1
    starts = [at for at in stale if at >= first]
    return {build.effective_at for build in builds[starts[0] :]} if starts else set()


def _read(one: BuiltDistrict, build: Build, files: _Files) -> tuple[Delivery, Delivery | None, tuple[Delivery, ...]] | None:
    """The roster, the subgroup file and the bases of a build; None where one of them cannot be read."""
    roster = files.of(build.roster_delivery_id)
    if roster is None:
        return None
    if build.subgroup_delivery_id is None or not one.district.settings.has_subgroup_file:
        return roster[-1], None, tuple(roster[:-1])
    subgroups = files.of(build.subgroup_delivery_id)
    return None if subgroups is None else (roster[-1], subgroups[-1], tuple(roster[:-1]))


def uploads_of(builds: Iterable[PastBuild]) -> dict[tuple[str, str], int]:
    """District and sha256 of every uploaded file that these builds stand on, with its bytes."""
    deliveries = [one for build in builds for one in build.deliveries]
    return {(one.district_id, file.sha256): file.size for one in deliveries for file in one.files if not file.member_of}
