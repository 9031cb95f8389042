"""One snapshot of several shards: each publishes its own districts in its own home, and here readers see all of them.

A district comes from the shard that takes it and from nowhere else. The districts of a shard that is not there, or has published
nothing yet, stay as they were published last, so no shard can publish another's districts away.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.build.earlier_contract import columns_now
from subgroup_pipeline.disk import full_disk_in_words, sync_to_disk
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.current import show_newest
from subgroup_pipeline.publish.lake import file_of, tables_of
from subgroup_pipeline.publish.manifest import DATABASE, Manifest, PublishedDistrict, read_manifest
from subgroup_pipeline.publish.released import join_releases
from subgroup_pipeline.publish.snapshot import Published, draft_manifest, make_snapshot
from subgroup_pipeline.publish.verification import mart_tables_in
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.shard import Shard
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.sql_text import literals

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class Part:
    """What is taken of one snapshot: the districts of these shards. `name` is the snapshot's name in SQL."""

    name: str
    snapshot: Path
    manifest: Manifest
    takes: frozenset[int]
    of: int

    def has(self, district_id: str) -> bool:
        """Whether a district, published or not, is taken from here."""
        return Shard(0, self.of).owner(district_id) in self.takes

    @property
    def districts(self) -> dict[str, PublishedDistrict]:
        """The published districts that are taken from here."""
        return {district_id: one for district_id, one in self.manifest.districts.items() if self.has(district_id)}

    @property
    def releases(self) -> dict[str, str]:
        """The releases of these districts."""
        return {district_id: one for district_id, one in self.manifest.releases.items() if self.has(district_id)}


@dataclass(frozen=True)
class Joined:
    """What a join came to; `missing` are the shards whose districts stay as they were published last."""

    published: Published
    missing: list[int]


def join_snapshots(settings: Settings, homes: Sequence[Path], *, run_id: str) -> Joined:
    """Publish here the newest snapshots of these homes as one. The caller holds this home's warehouse.

    Nothing new: no snapshot. Raises PublishError where the homes do not belong together, or the verification fails; readers then
    keep what they have.
    """
    if not settings.own_shard.is_empty:
        raise PublishError(
            "this home publishes districts of its own. Join in a home with SUBGROUPS_SHARD=0/N, where N is the number of shards."
        )
    before = read_manifest(settings)
    parts = _parts(settings, homes, before)
    given = set().union(*(part.takes for part in parts if part.name != "last"))
    missing = [number for number in range(1, settings.own_shard.of + 1) if number not in given]
    districts = dict(sorted(item for part in parts for item in part.districts.items()))
    said = _said(parts, before)
    releases = {part.name: part.releases for part in parts}
    joined = {district_id: one for of_part in releases.values() for district_id, one in of_part.items()}
    if before is not None and (before.districts, before.quality_sha256, before.releases) == (districts, said, joined):
        published = Published(before, is_new=False)
    else:
        version = max(part.manifest.contract_version for part in parts if part.name != "last")
        draft = draft_manifest(before, run_id, version, said, districts).model_copy(update={"shard": settings.shard})
        with full_disk_in_words(settings.paths):
            manifest = make_snapshot(
                settings,
                draft,
                lambda file: _make_file(settings, file, parts, draft, before),
                lambda building: _make_lake(settings, building, parts, before),
                lambda building: join_releases(settings, building, {part.name: part.snapshot for part in parts}, releases),
            )
        published = Published(manifest, is_new=True)
    show_newest(settings)
    return Joined(published, missing)


def _parts(settings: Settings, homes: Sequence[Path], before: Manifest | None) -> list[Part]:
    """The snapshots to join, and the one before for the shards that are not among them. Raises PublishError."""
    of = settings.own_shard.of
    found: dict[int, Part] = {}
    for home in homes:
        of_home = load_settings(home=home, shard="")
        manifest = read_manifest(of_home)
        if manifest is None:
            continue
        shard = Shard.read(manifest.shard)
        if shard.of != of or shard.is_empty:
            is_said = f"is of shard {shard}" if manifest.shard else "is of no shard"
            raise PublishError(f"what {home} publishes {is_said}, and this home joins {of}. Nothing was published.")
        if shard.number in found:
            raise PublishError(f"{home} is shard {shard}, and so is another of these homes. Nothing was published.")
        snapshot = of_home.paths.published / manifest.snapshot
        found[shard.number] = Part(f"shard_{shard.number}", snapshot, manifest, frozenset({shard.number}), of)
    parts = [found[number] for number in sorted(found)]
    if not parts:
        raise PublishError(f"none of {', '.join(map(str, homes))} has published anything yet.")
    if len(versions := {part.manifest.contract_version for part in parts}) > 1:
        raise PublishError(
            f"the homes publish contracts {', '.join(sorted(versions))}: run a night of the newest release in each. "
            "Nothing was published."
        )
    missing = frozenset(range(1, of + 1)) - found.keys()
    if before is not None and missing:
        parts.append(Part("last", settings.paths.published / before.snapshot, before, missing, of))
    return parts


def _said(parts: Sequence[Part], before: Manifest | None) -> str:
    """What each shard's snapshot says of quality, as `1:<hash> 2:<hash>`; of those that are missing, as it stood before."""
    last = dict(one.split(":") for one in before.quality_sha256.split() if ":" in one) if before else {}
    said = {
        str(number): last.get(str(number), "") if part.name == "last" else part.manifest.quality_sha256
        for part in parts
        for number in part.takes
    }
    return " ".join(f"{number}:{sha256}" for number, sha256 in sorted(said.items()))


def _make_file(settings: Settings, target: Path, parts: Sequence[Part], draft: Manifest, before: Manifest | None) -> None:
    """Make the staff file: that of the last join with the districts that changed, or, when it is to be rewritten, all anew."""
    is_anew = before is None or draft.compacted_at == draft.created_at
    base = parts[0].snapshot if is_anew else settings.paths.published / before.snapshot  # type: ignore[union-attr]
    stands = parts[0].districts if is_anew else before.districts  # type: ignore[union-attr]
    shutil.copyfile(base / DATABASE, target)
    changed = {district_id for district_id, one in draft.districts.items() if stands.get(district_id) != one}
    with open_files(
        settings, write={"joined": target}, read={part.name: part.snapshot / DATABASE for part in parts}
    ) as connection:
        connection.execute("use joined")
        in_base = {row[0] for row in connection.execute("select district_id from marts.dim_district").fetchall()}
        gone = changed | (in_base - draft.districts.keys())
        for table in mart_tables_in(connection):
            connection.execute(f"delete from marts.{table} where district_id in (select unnest({literals(gone)}))")
            for part in parts:
                _take_rows(connection, part, table, changed & part.districts.keys())
        _take_quality(connection, parts)
    sync_to_disk(target)


def _take_rows(connection: duckdb.DuckDBPyConnection, part: Part, table: str, district_ids: Collection[str]) -> None:
    """Insert the rows of districts from a snapshot; one of an earlier release may lack the table."""
    if district_ids and table in mart_tables_in(connection, part.name):
        columns = columns_now(connection, part.name, table)
        connection.execute(
            f"insert into marts.{table} by name select {columns} from {part.name}.marts.{table} "
            f"where district_id in (select unnest({literals(district_ids)}))"
        )


def _take_quality(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
    """Replace what is said of quality, also of districts that have no marts: each shard speaks of its own."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'quality' and database_name = 'joined' order by 1"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"delete from quality.{table}")
        for part in parts:
            spoken_of = connection.execute(f"select distinct district_id from {part.name}.quality.{table}").fetchall()
            own = [row[0] for row in spoken_of if part.has(row[0])]
            connection.execute(
                f"insert into quality.{table} by name select * from {part.name}.quality.{table} "
                f"where district_id in (select unnest({literals(own)}))"
            )


def _make_lake(settings: Settings, building: Path, parts: Sequence[Part], before: Manifest | None) -> dict[str, str]:
    """Take over every district's files under a second name; from the last join where nothing changed. Gives their hashes."""
    hashes: dict[str, str] = {}
    tables = tables_of(parts[0].snapshot)
    for table in tables:
        file_of(building, table, "").parent.parent.mkdir(mode=0o700, parents=True)
    for part in parts:
        for district_id, district in part.districts.items():
            is_same = before is not None and before.districts.get(district_id) == district and district_id in before.lake
            snapshot = settings.paths.published / before.snapshot if before is not None and is_same else part.snapshot
            hashes[district_id] = (before if before is not None and is_same else part.manifest).lake[district_id]
            for table in tables:
                source = file_of(snapshot, table, district_id)
                if source.is_file():
                    _link(source, file_of(building, table, district_id))
    return dict(sorted(hashes.items()))


def _link(source: Path, target: Path) -> None:
    """A second name of a file, or a copy where the other home lies on another disk."""
    target.parent.mkdir(mode=0o700)
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)
