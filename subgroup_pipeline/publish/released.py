"""What a snapshot holds to be shared: `shareable.duckdb`, and the same tables as Parquet under `shareable/`, as in the lake.

Both show the last release of each district. Files of districts without a new one are those of the snapshot before, under a second
name; so is the database, where no district has one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.disclosure.releases import due_releases, make_releases
from subgroup_pipeline.disclosure.shareable import SHAREABLE, make_public, released_rows
from subgroup_pipeline.disclosure.store import last_releases, open_store, release_ids
from subgroup_pipeline.intake.archive import hash_of
from subgroup_pipeline.publish.lake import AT_A_TIME, district_hash, file_of, narrow, open_source, write_table
from subgroup_pipeline.publish.manifest import DATABASE, finished_names
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.duckdb_files import attach, open_files
from subgroup_pipeline.warehouse.sql_text import literals

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from subgroup_pipeline.disclosure.due import DueRelease
    from subgroup_pipeline.disclosure.store import Release
    from subgroup_pipeline.publish.manifest import Manifest, PublishedDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.warehouse.table import Table

SHAREABLE_FOLDER = "shareable"


@dataclass(frozen=True)
class ReleasePlan:
    """The last release of each district, the districts that get a new one, and the moment that was asked about."""

    last: Mapping[str, Release]
    due: list[DueRelease]
    now: datetime

    def is_shown_by(self, before: Manifest) -> bool:
        """Whether a snapshot shows the last releases already, and no new one is due."""
        return not self.due and before.releases == release_ids(self.last, list(before.districts))


@dataclass(frozen=True)
class Shared:
    """What a snapshot shares: the release of each district, a hash of each one's Parquet files, and that of the database."""

    releases: dict[str, str]
    hashes: dict[str, str]
    sha256: str


@stage("release")
def plan_releases(
    registry: Registry, settings: Settings, districts: Mapping[str, PublishedDistrict], asked: Collection[str]
) -> ReleasePlan:
    """Which of the districts that a snapshot will hold get a release with it."""
    now = datetime.now(UTC)
    last = last_releases(settings, finished_names(settings))
    keys = {district_id: district.build_key for district_id, district in districts.items()}
    return ReleasePlan(last, due_releases(registry, last, keys, now, asked), now)


@stage("release")
def put_releases(
    settings: Settings, building: Path, draft: Manifest, before: Manifest | None, plan: ReleasePlan, seconds: float
) -> Shared:
    """Make releases that are due, for so many seconds, and put what may be shared into a snapshot that is being made."""
    made = make_releases(settings, building / DATABASE, plan.due, draft.snapshot, plan.now, seconds) if plan.due else {}
    releases = release_ids({**plan.last, **made}, list(draft.districts))
    if before is None or before.contract_version != draft.contract_version or SHAREABLE not in before.files:
        before = None
    last = settings.paths.published / before.snapshot if before else None
    if before is not None and last is not None and before.releases == releases and (last / SHAREABLE).is_file():
        os.link(last / SHAREABLE, building / SHAREABLE)
        sha256 = before.files[SHAREABLE]
    else:
        with open_store(settings) as connection:
            connection.execute(attach("shareable", building / SHAREABLE))
            make_public(connection, lambda table: released_rows(table, releases.values()))
        sha256 = hash_of(building / SHAREABLE)
    kept = {}
    if before is not None:
        stand = before.releases
        kept = {one: before.shareable[one] for one in releases if one in before.shareable and stand.get(one) == releases[one]}
    return Shared(releases, _put_parquet(settings, building, last, releases, kept), sha256)


def _put_parquet(
    settings: Settings, building: Path, last: Path | None, releases: Mapping[str, str], kept: Mapping[str, str]
) -> dict[str, str]:
    """Write one folder per table and district, and give a hash of each district's files.

    Those of `kept`, which has their hashes, are links to the ones of the snapshot before, if it has them.
    """
    with open_files(settings, read={"source": building / SHAREABLE}) as connection:
        tables = [name for _, name in open_source(connection, ("public",))]
        for table in tables:
            (building / SHAREABLE_FOLDER / table).mkdir(mode=0o700, parents=True)
        linked = {one: kept[one] for one in releases if _linked(building, last, tables, one, kept)}
        new = [district_id for district_id in releases if district_id not in linked]
        for first in range(0, len(new), AT_A_TIME):
            some = new[first : first + AT_A_TIME]
            narrow(connection, some)
            for table in tables:
                write_table(connection, f"public.{table}", building / SHAREABLE_FOLDER / table, some)
    return linked | {district_id: district_hash(building, district_id, directory=SHAREABLE_FOLDER) for district_id in new}


def _linked(building: Path, last: Path | None, tables: Collection[str], district_id: str, kept: Collection[str]) -> bool:
    """Take over the files of a district from the snapshot before, where they stand; says whether that was done."""
    sources = [file_of(last, table, district_id, SHAREABLE_FOLDER) for table in tables] if last and district_id in kept else []
    if not sources or not all(map(os.path.isfile, sources)):
        return False
    for table, source in zip(tables, sources, strict=True):
        target = file_of(building, table, district_id, SHAREABLE_FOLDER)
        target.parent.mkdir(mode=0o700)
        os.link(source, target)
    return True


def note_releases(registry: Registry, plan: ReleasePlan, releases: Mapping[str, str]) -> int:
    """Write the new releases of a snapshot, given by district, into the audit log when it has its name.

    Gives how many releases are still due.
    """
    stood = {district_id: release.release_id for district_id, release in plan.last.items()}
    made = [one for one in plan.due if releases.get(one.district_id) != stood.get(one.district_id)]
    with registry.begin() as session:
        for one in made:
            record_event(session, "release.made", actor="pipeline", district_id=one.district_id, detail={"cause": one.cause})
    return len(plan.due) - len(made)


def join_releases(
    settings: Settings, building: Path, parts: Mapping[str, Path], releases: Mapping[str, Mapping[str, str]]
) -> Shared:
    """Put what several snapshots share into one that joins them.

    `parts` are their directories by a name for SQL, `releases` those that are taken from each.
    """
    files = {name: path / SHAREABLE for name, path in parts.items() if (path / SHAREABLE).is_file()}

    def rows(table: Table) -> str:
        taken = (
            f"select * from {name}.{table} where district_id in (select unnest({literals(releases[name])}))" for name in files
        )
        return " union all ".join((f"select * from shareable.{table}", *taken))

    with open_files(settings, write={"shareable": building / SHAREABLE}, read=files) as connection:
        make_public(connection, rows)
    joined = dict(sorted(item for name in files for item in releases[name].items()))
    return Shared(joined, _put_parquet(settings, building, None, joined, {}), hash_of(building / SHAREABLE))
