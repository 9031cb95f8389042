"""Uploads that may not be whole yet: what is waited for, and what is taken although it is young."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.intake.archive import DistrictArchive, IncomingFile
from subgroup_pipeline.intake.fetch import observe_sources
from subgroup_pipeline.intake.sources.listing import Listing
from subgroup_pipeline.registry.ledger import all_deliveries
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.servers import World, open_world
from tests.support.wrapped import wrapped

ROSTER = small.roster()


SUBGROUPS = "student_id,ell\ns000,y\n"


def test_a_subgroup_file_that_settled_is_taken(world: World) -> None:
    world.put("alpha", "subgroups", "subgroups.csv", SUBGROUPS)
    world.fetch()
    (delivery,) = world.deliveries()
    assert (delivery.feed, delivery.proof) == ("subgroups", "settled")
    home = world.settings.paths
    with DistrictArchive(home, "alpha").opened(delivery.sha256 or "", home.scratch) as path:
        assert path.read_text() == SUBGROUPS


@pytest.mark.parametrize(("age", "is_taken"), [(0, False), (50, False), (70, True)])
def test_a_subgroup_file_waits_until_it_settled(world: World, age: float, is_taken: bool) -> None:
    world.put("alpha", "subgroups", "subgroups.csv", SUBGROUPS, age=age)
    fetched = world.fetch()
    assert bool(fetched.new) is is_taken
    assert fetched.waiting == ({} if is_taken else {("alpha", "subgroups"): ["subgroups.csv"]})
    assert world.left("alpha", "subgroups") == ([] if is_taken else ["subgroups.csv"])


def test_a_waiting_upload_is_shown_as_received_and_then_becomes_its_delivery(world: World) -> None:
    world.put("alpha", "subgroups", "subgroups.csv", SUBGROUPS, age=0)
    world.fetch()
    assert [(d.state, d.sha256) for d in all_deliveries(world.registry)] == [("received", None)]
    world.put("alpha", "subgroups", "subgroups.csv", SUBGROUPS)
    world.fetch()
    assert [(d.state, d.proof) for d in all_deliveries(world.registry)] == [("received", "settled")]


def test_a_loose_set_waits_for_its_youngest_file(world: World) -> None:
    world.drop("alpha", "roster", ROSTER)
    world.put("alpha", "roster", "enrollments.csv", ROSTER["enrollments.csv"], age=5)
    assert set(world.fetch().waiting["alpha", "roster"]) == set(ROSTER)
    assert world.deliveries() == []


def test_a_loose_set_waits_for_a_file_that_its_manifest_announces(world: World) -> None:
    without = {name: text for name, text in ROSTER.items() if name != "users.csv"}
    world.drop("alpha", "roster", without, age=1800)
    assert set(world.fetch().waiting["alpha", "roster"]) == set(without)
    world.put("alpha", "roster", "users.csv", ROSTER["users.csv"])
    world.fetch()
    assert world.states() == [("received", "settled", [])]


def test_without_settling_a_set_that_misses_a_file_is_taken_at_once(tmp_path: Path, template: Path) -> None:
    with open_world(tmp_path / "home", template, settle_seconds=0) as world:
        world.add("alpha")
        world.drop("alpha", "roster", {name: text for name, text in ROSTER.items() if name != "users.csv"}, age=0)
        world.fetch()
        assert world.states() == [("received", "settled", [])]


def test_without_settling_a_young_file_is_taken_at_once(tmp_path: Path, template: Path) -> None:
    with open_world(tmp_path / "home", template, settle_seconds=0) as world:
        world.add("alpha")
        world.put("alpha", "subgroups", "s.csv", SUBGROUPS, age=0)
        assert len(world.fetch().new) == 1


TEMPORARY = ["a.zip.filepart", "a.zip.part", "a.csv.PARTIAL", "a.tmp", "a.crdownload", "a.csv~", ".a.csv", ".roster.zip.Xy12z"]


@pytest.mark.parametrize("feed", ["roster", "subgroups"])
def test_names_that_clients_give_to_half_written_files_are_not_touched(world: World, feed: str) -> None:
    for name in TEMPORARY:
        world.put("alpha", feed, name, b"half")
    fetched = world.fetch()
    assert (fetched.new, fetched.waiting) == ([], {})
    assert world.left("alpha", feed) == sorted(TEMPORARY)


def test_a_zip_cut_off_anywhere_is_never_accepted(world: World) -> None:
    """Twenty cuts, each by a client that closed its file in good order: a closed handle proves nothing."""
    whole = zip_of(ROSTER)
    cuts = {f"d{part:02}": whole[: len(whole) * part // 20 if part < 19 else len(whole) - 1] for part in range(20)}
    for district, cut in cuts.items():
        world.put(world.add(district), "roster", "roster.zip", cut, age=0)
    assert world.fetch().waiting == {(district, "roster"): ["roster.zip"] for district in cuts}
    for district, cut in cuts.items():
        world.put(district, "roster", "roster.zip", cut)
    world.fetch()
    assert world.states() == [("rejected", None, ["ZIP001"])] * 20


def test_a_cut_zip_that_is_completed_in_time_is_accepted(world: World) -> None:
    whole = zip_of(ROSTER)
    world.put("alpha", "roster", "roster.zip", whole[:-100], age=0)
    world.fetch()
    world.put("alpha", "roster", "roster.zip", whole, age=0)
    world.fetch()
    assert world.states() == [("received", "zip_crc", [])]


def test_a_file_that_grows_while_it_is_read_is_waited_for(world: World) -> None:
    """One that grew as fast as it was read kept the fetch, and with it every district, for ever."""
    path = world.put("alpha", "subgroups", "subgroups.csv", SUBGROUPS)

    def growing(write: Callable[..., int], args: tuple[Any, ...], _: Mapping[str, Any]) -> int:
        with path.open("ab") as file:
            file.write(b"s1,n\n")
        return write(*args)

    with wrapped(IncomingFile.write, growing):
        assert world.fetch().waiting == {("alpha", "subgroups"): ["subgroups.csv"]}
    assert world.deliveries() == []
    assert world.archived() == []


def test_a_file_that_goes_away_while_it_is_read_leaves_nothing(world: World) -> None:
    path = world.put("alpha", "subgroups", "subgroups.csv", SUBGROUPS)

    def goes_away(*_: object) -> bool:
        path.unlink(missing_ok=True)
        return True

    with wrapped(Listing.is_settled, goes_away):
        world.fetch()
    assert world.deliveries() == []
    assert world.archived() == []


def test_a_slow_upload_is_taken_once_and_whole(world: World) -> None:
    """The upload takes as long as five fetches: a part of it comes before each."""
    whole = zip_of(small.roster(400))
    part = -(-len(whole) // 5)
    for come in range(part, len(whole), part):
        world.put("alpha", "roster", "roster.zip", whole[:come], age=0)
        assert world.fetch().new == []
    world.put("alpha", "roster", "roster.zip", whole, age=0)
    world.fetch()
    assert world.states() == [("received", "zip_crc", [])]
    assert world.deliveries()[0].sha256 == hashlib.sha256(whole).hexdigest()


def test_files_that_are_ready_are_told_without_taking_any(world: World) -> None:
    world.add("beta")
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER))
    world.put("beta", "subgroups", "s.csv", SUBGROUPS, age=0)
    ready, faults = observe_sources(world.registry, world.settings, registered_districts(world.registry))
    paths = {district: [path for path, *_ in sights] for district, sights in ready.items()}
    assert paths == {"alpha": ["/alpha/inbox/roster/roster.zip"]}
    assert faults == []
    assert world.left("alpha") == ["roster.zip"]
    assert world.deliveries() == []
