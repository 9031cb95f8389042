"""Shards publish each their own districts; a home of its own joins them, and none can publish another's away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from subgroup_pipeline.desk.doctor.districts import own_shard
from subgroup_pipeline.districts.registered import districts_of_shard
from subgroup_pipeline.errors import PublishError, UnknownDistrictError
from subgroup_pipeline.publish.join import Joined, join_snapshots
from subgroup_pipeline.publish.lake import district_hash, file_of, tables_of
from subgroup_pipeline.publish.manifest import read_manifest
from subgroup_pipeline.publish.reader import open_published
from subgroup_pipeline.publish.snapshot import publish_snapshot
from tests.support.home import Home
from tests.support.published_marts import MadeUp, publish_made_up

FIRST, SECOND = {"alder": 20, "fir": 25}, {"birch": 30, "cedar": 15}
"""Students by district, as the rule shares them out."""


@dataclass
class Shards:
    """Two shards with a district each and more, and the home that joins them; one registry."""

    homes: list[Home]
    front: Home

    def publish(self, number: int, **students: int) -> None:
        """Publish districts in a shard's home."""
        publish_made_up(self.homes[number - 1], {name: MadeUp(students=count, months=2) for name, count in students.items()})

    def join(self, *numbers: int) -> Joined:
        homes = [self.homes[number - 1].settings.paths.root for number in numbers or (1, 2)]
        return join_snapshots(self.front.settings, homes, run_id="test")

    def seen(self) -> dict[str, int]:
        """Students by district, as readers of the joined snapshot count them."""
        with open_published(self.front.settings) as connection:
            query = "select district_id, count(*) from marts.dim_student group by all order by all"
            return dict(connection.execute(query).fetchall())

    def said_of(self) -> set[str]:
        with open_published(self.front.settings) as connection:
            return {row[0] for row in connection.execute("select district_id from quality.delivery").fetchall()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three homes as they lie on disk, each shard published once and nothing joined."""
    root = tmp_path_factory.mktemp("shards")
    shards = opened(root)
    for number, students in enumerate((FIRST, SECOND), start=1):
        for district in students:
            shards.homes[number - 1].add(district)
        shards.publish(number, **students)
    closed(shards)
    return root


def opened(root: Path) -> Shards:
    url = f"sqlite:///{root / 'registry.sqlite'}"
    homes = [Home.at(root / name, shard=shard, database_url=url) for name, shard in HOMES.items()]
    return Shards(homes[:2], homes[2])


HOMES = {"one": "1/2", "two": "2/2", "front": "0/2"}


def closed(shards: Shards) -> None:
    for home in (*shards.homes, shards.front):
        home.close()


@pytest.fixture
def shards(made: Path, tmp_path: Path) -> Iterator[Shards]:
    shutil.copytree(made, tmp_path / "shards", symlinks=True)
    shards = opened(tmp_path / "shards")
    yield shards
    closed(shards)


def test_readers_see_all_districts_in_one_snapshot(shards: Shards) -> None:
    joined = shards.join()
    assert (joined.published.is_new, joined.missing) == (True, [])
    assert shards.seen() == FIRST | SECOND
    assert shards.said_of() == FIRST.keys() | SECOND.keys()
    manifest = joined.published.manifest
    assert manifest.sealed() == read_manifest(shards.front.settings)
    snapshot = shards.front.settings.paths.current_snapshot.resolve()
    assert {name: district_hash(snapshot, name) for name in manifest.districts} == manifest.lake
    # The files of the lake are the shards' own, under a second name.
    own = file_of(shards.homes[0].settings.paths.current_snapshot.resolve(), "dim_student", "alder")
    assert file_of(snapshot, "dim_student", "alder").stat().st_ino == own.stat().st_ino
    assert len(tables_of(snapshot)) == len(tables_of(own.parents[3]))


def test_nothing_new_is_no_snapshot_and_a_change_brings_only_what_changed(shards: Shards) -> None:
    first = shards.join().published.manifest
    assert shards.join().published.is_new is False
    shards.publish(2, birch=31)
    second = shards.join().published
    assert second.is_new
    assert shards.seen() == FIRST | SECOND | {"birch": 31}
    same = {name for name, sha256 in second.manifest.lake.items() if first.lake[name] == sha256}
    assert same == {"alder", "fir", "cedar"}


def test_a_shard_that_is_not_there_keeps_its_districts_as_they_were(shards: Shards) -> None:
    shards.join()
    shards.publish(1, alder=22)
    joined = shards.join(1)
    assert (joined.published.is_new, joined.missing) == (True, [2])
    assert shards.seen() == FIRST | SECOND | {"alder": 22}
    assert shards.said_of() == FIRST.keys() | SECOND.keys()
    shutil.rmtree(shards.homes[1].settings.paths.published)
    again = shards.join()
    assert (again.published.is_new, again.missing) == (False, [2])
    assert shards.seen() == FIRST | SECOND | {"alder": 22}


def test_a_home_that_was_whole_once_gives_only_its_shards_districts(shards: Shards) -> None:
    """Before there were shards it had all of them; what it still holds of the others is old."""
    shards.homes[0].add("birch")
    publish_made_up(shards.homes[0], {"birch": MadeUp(students=99, months=2)})
    shards.join()
    assert shards.seen() == FIRST | SECOND


def test_a_district_that_its_shard_publishes_no_more_leaves(shards: Shards) -> None:
    shards.join()
    home = shards.homes[1].settings.paths
    manifest = read_manifest(shards.homes[1].settings)
    assert manifest is not None
    from subgroup_pipeline.publish.manifest import write_manifest

    rest = {name: one for name, one in manifest.districts.items() if name != "cedar"}
    write_manifest(home.published / manifest.snapshot, manifest.model_copy(update={"districts": rest}))
    shards.join()
    assert shards.seen() == FIRST | {"birch": 30}


def test_homes_that_do_not_belong_together_are_refused(shards: Shards, tmp_path: Path) -> None:
    one, two = (home.settings for home in shards.homes)
    with pytest.raises(PublishError, match="another of these homes"):
        join_snapshots(shards.front.settings, [one.paths.root, one.paths.root], run_id="test")
    with pytest.raises(PublishError, match="has published anything"):
        join_snapshots(shards.front.settings, [tmp_path / "nothing"], run_id="test")
    with pytest.raises(PublishError, match="SUBGROUPS_SHARD=0/N"):
        join_snapshots(one, [two.paths.root], run_id="test")
    thirds = Home.at(tmp_path / "thirds", shard="0/3")
    with pytest.raises(PublishError, match="shard 1/2, and this home joins 3"):
        join_snapshots(thirds.settings, [one.paths.root], run_id="test")
    thirds.close()


def test_the_home_that_joins_publishes_nothing_of_its_own(shards: Shards) -> None:
    shards.join()
    assert publish_snapshot(shards.front.registry, shards.front.settings, run_id="test") is None
    assert shards.seen() == FIRST | SECOND


def test_a_home_takes_its_own_districts_and_says_so(shards: Shards) -> None:
    one = shards.homes[0]
    assert {d.district_id for d in districts_of_shard(one.registry, one.settings.own_shard)} == FIRST.keys()
    with pytest.raises(UnknownDistrictError, match="shard 2/2 takes it"):
        districts_of_shard(one.registry, one.settings.own_shard, ["birch"])
    assert districts_of_shard(shards.front.registry, shards.front.settings.own_shard) == []
    (said,) = own_shard(one.settings, one.registry)
    assert (said.level, "file of its own" in said.what) == ("error", True)
