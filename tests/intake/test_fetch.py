"""Fetching from our own server: what is taken, what is refused, and what a kill leaves behind."""

from __future__ import annotations

import hashlib
import io
import stat
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.intake.archive import DistrictArchive, IncomingFile
from subgroup_pipeline.intake.sources.inbox import Inbox
from subgroup_pipeline.intake.sources.remote_files import forget_files
from subgroup_pipeline.intake.sources.sftp import SftpConnection
from subgroup_pipeline.registry.receiving import register_delivery, set_waiting
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.servers import World
from tests.support.wrapped import killed, wrapped

ROSTER = small.roster()
SUBGROUPS = "student_id,ell\ns000,y\n"


def _zipped(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package:
        for name, text in ROSTER.items():
            package.writestr(name, text)
    return buffer.getvalue()


def test_a_zip_is_taken_by_its_crc_without_waiting(world: World) -> None:
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER), age=0)
    fetched = world.fetch()
    assert world.states() == [("received", "zip_crc", [])]
    assert fetched.new == [world.deliveries()[0].delivery_id]
    assert world.left("alpha") == []


def test_a_zip_and_its_members_are_in_the_ledger(world: World) -> None:
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER))
    world.fetch()
    files = {(f.name, f.member_of): f.sha256 for f in world.deliveries()[0].files}
    assert files.pop(("roster.zip", "")) == world.deliveries()[0].sha256
    assert files == {(name, "roster.zip"): hashlib.sha256(text.encode()).hexdigest() for name, text in ROSTER.items()}


def test_a_loose_set_with_its_manifest_is_one_delivery(world: World) -> None:
    world.drop("alpha", "roster", ROSTER)
    world.fetch()
    (delivery,) = world.deliveries()
    assert (delivery.proof, {f.name for f in delivery.files}) == ("settled", set(ROSTER))
    assert world.left("alpha") == []


def test_a_zip_and_the_same_files_loose_are_the_same_content(world: World) -> None:
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER))
    world.fetch()
    world.drop("alpha", "roster", ROSTER)
    assert world.fetch().seen_again == 1
    assert [d.seen_again_count for d in world.deliveries()] == [1]
    assert world.left("alpha") == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"other bytes")], ids=["missing", "damaged"])
def test_the_same_content_sent_again_takes_the_place_of_lost_bytes(world: World, damage: Callable[[Path], object]) -> None:
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER))
    world.fetch()
    damage(DistrictArchive(world.settings.paths, "alpha").place(str(world.deliveries()[0].sha256)))
    world.put("alpha", "roster", "again.zip", _zipped(zipfile.ZIP_STORED))
    assert world.fetch().seen_again == 1
    (delivery,) = world.deliveries()
    (upload,) = [file for file in delivery.files if not file.member_of]
    assert (upload.name, upload.sha256) == ("again.zip", delivery.sha256)
    assert DistrictArchive(world.settings.paths, "alpha").place(upload.sha256).is_file()
    assert {file.member_of for file in delivery.files} == {"", "again.zip"}


def test_two_zips_of_the_same_files_are_the_same_content(world: World) -> None:
    for number, method in enumerate((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)):
        world.put("alpha", "roster", f"{number}.zip", _zipped(method))
    fetched = world.fetch()
    assert (len(fetched.new), fetched.seen_again) == (1, 1)


@pytest.mark.parametrize(
    ("feed", "name"),
    [
        ("roster", "roster.xlsx"),
        ("roster", "roster.csv.gz"),
        ("roster", "readme"),
        ("subgroups", "s.xlsx"),
        ("subgroups", "s.zip"),
    ],
)
def test_a_file_of_the_wrong_kind_is_rejected_at_once(world: World, feed: str, name: str) -> None:
    world.put("alpha", feed, name, b"whatever", age=0)
    world.fetch()
    assert world.states() == [("rejected", None, ["PKG007"])]
    assert world.left("alpha", feed) == []


def test_the_pattern_of_the_settings_says_what_a_subgroup_file_is_called(world: World) -> None:
    own = "subgroups: {files: 'SUBGROUPS_*.txt', columns: {a: {subgroup: a, open: true}}}"
    text = f"district: gamma\nname: G\ntimezone: UTC\n{own}\n"
    world.apply(text)
    make_home(world.root, "gamma")
    world.put("gamma", "subgroups", "subgroups_2026.TXT", SUBGROUPS)
    world.put("gamma", "subgroups", "subgroups.csv", SUBGROUPS + "s1,n\n", age=3000)
    world.fetch()
    assert world.states("gamma") == [("received", "settled", []), ("rejected", None, ["PKG007"])]


def test_a_damaged_member_is_said_to_be_damaged(world: World) -> None:
    stored = zip_of({"users.csv": "sourcedId\n" + "u1\n" * 50})
    at = stored.index(b"users.csv") + 15
    world.put("alpha", "roster", "roster.zip", stored[:at] + b"\xff\xff" + stored[at + 2 :])
    world.fetch()
    assert world.states() == [("rejected", None, ["ZIP003"])]


def test_a_refused_zip_is_kept_in_the_archive_and_cleared_from_the_inbox(world: World) -> None:
    world.put("alpha", "roster", "roster.zip", zip_of({"../users.csv": "x"}), age=0)
    world.fetch()
    assert world.states() == [("rejected", None, ["ZIP004"])]
    assert world.left("alpha") == []
    assert len(world.archived()) == 1


def test_a_manifest_that_python_cannot_read_stops_nobody(world: World) -> None:
    """It raised csv.Error in the fetch, and no district was fetched that night."""
    world.add("beta")
    world.drop("alpha", "roster", ROSTER | {"manifest.csv": "x" * 200_000 + ",1\n"})
    world.put("beta", "roster", "roster.zip", zip_of(ROSTER))
    assert len(world.fetch().new) == 2


def test_uploads_become_deliveries_in_the_order_in_which_they_came(world: World) -> None:
    for number, age in ((1, 300), (2, 200), (3, 100)):
        world.put("alpha", "roster", f"{9 - number}.zip", zip_of(small.roster(number)), age=age)
    world.fetch()
    uploads = [next(file.name for file in d.files if not file.member_of) for d in world.deliveries()]
    assert uploads == ["8.zip", "7.zip", "6.zip"]


def test_a_zip_that_came_after_a_loose_set_is_the_later_delivery(world: World) -> None:
    """Zips were always taken before loose files, so an older loose set became the live roster."""
    world.drop("alpha", "roster", small.roster(3), age=900)
    world.put("alpha", "roster", "roster.zip", zip_of(small.roster(5)), age=100)
    world.fetch()
    assert [d.proof for d in world.deliveries()] == ["settled", "zip_crc"]


def test_every_file_of_the_archive_is_for_its_owner_only(world: World) -> None:
    world.drop("alpha", "roster", ROSTER)
    world.fetch()
    files = world.archived()
    assert len(files) == len(ROSTER)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in files} == {0o700}


def test_an_upload_is_removed_only_after_archive_and_ledger(world: World) -> None:
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER))
    seen: list[tuple[int, int]] = []

    def watched(remove: Callable[..., None], args: tuple[Any, ...], _: Mapping[str, Any]) -> None:
        seen.append((len(world.deliveries()), len(world.archived())))
        remove(*args)

    with wrapped(SftpConnection.remove, watched):
        world.fetch()
    assert seen == [(1, 1)]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(IncomingFile.keep, id="before the archive"),
        pytest.param(register_delivery, id="before the ledger"),
        pytest.param(SftpConnection.remove, id="before the removal"),
        pytest.param(forget_files, id="before the end"),
    ],
)
def test_a_kill_between_two_steps_is_mended_by_the_next_fetch(world: World, step: Callable[..., object]) -> None:
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER))
    with killed(step):
        world.fetch()
    world.fetch()
    assert world.states() == [("received", "zip_crc", [])]
    assert world.left("alpha") == []
    assert len(world.archived()) == 1


def test_a_district_without_uploads_costs_the_registry_nothing_once_what_was_noted_is_taken_back(world: World) -> None:
    """Each of a thousand districts took a transaction per night to say that nothing came."""
    noted: list[str] = []

    def watched(note: Callable[..., None], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        noted.append(args[1])
        note(*args, **kwargs)

    waiting = world.put("alpha", "subgroups", "s.csv", "student_id,ell\n", age=0)
    with wrapped(set_waiting, watched):
        assert world.fetch().waiting == {("alpha", "subgroups"): ["s.csv"]}
        waiting.unlink()
        assert world.fetch().waiting == {}
        assert noted == ["alpha"] * 4
        world.fetch()
    assert noted == ["alpha"] * 4


def test_an_upload_that_replaces_one_just_taken_is_not_removed_unread(world: World) -> None:
    """The inbox was cleared by name: what was uploaded between reading and removing would have been lost."""
    world.put("alpha", "roster", "roster.zip", zip_of(small.roster(3)))

    def upload_meanwhile(clear: Callable[..., None], args: tuple[Any, ...], _: Mapping[str, Any]) -> None:
        world.put("alpha", "roster", "roster.zip", zip_of(small.roster(5)), age=0)
        clear(*args)

    with wrapped(Inbox.clear, upload_meanwhile):
        world.fetch()
    assert world.left("alpha") == ["roster.zip"]
    world.fetch()
    assert len(world.deliveries()) == 2
    assert world.left("alpha") == []


def test_a_district_without_directories_on_the_server_delivered_nothing(world: World) -> None:
    text = "district: gamma\nname: G\ntimezone: UTC\n"
    world.apply(text)
    fetched = world.fetch("gamma")
    assert (fetched.new, fetched.faults) == ([], {})


def test_a_district_without_subgroup_settings_keeps_its_uploads_until_they_are_set_up(world: World) -> None:
    text = "district: alpha\nname: Alpha\ntimezone: UTC\n"
    world.apply(text)
    world.put("alpha", "subgroups", "s.csv", SUBGROUPS)
    assert world.fetch().new == []
    assert world.left("alpha", "subgroups") == ["s.csv"]


def test_a_hundred_uploads_of_fifty_districts_are_fetched_at_once(world: World) -> None:
    for number in range(50):
        district = world.add(f"d{number:03}")
        world.put(district, "roster", "roster.zip", zip_of({"users.csv": f"u{number}"}))
        world.put(district, "subgroups", "s.csv", f"student_id,ell\nu{number},y\n")
    began = time.monotonic()
    fetched = world.fetch()
    assert len(fetched.new) == 100
    assert time.monotonic() - began < 20
    for delivery in world.deliveries():
        (member,) = [f for f in delivery.files if f.member_of] or delivery.files
        assert member.sha256 in {
            hashlib.sha256(text.encode()).hexdigest()
            for text in (f"u{int(delivery.district_id[1:])}", f"student_id,ell\nu{int(delivery.district_id[1:])},y\n")
        }


def test_fifty_megabytes_come_through_unchanged(world: World) -> None:
    content = b"student_id,ell\n" + bytes(range(1, 128)) * 400_000
    world.put("alpha", "subgroups", "big.csv", content)
    fetched = world.fetch()
    assert fetched.bytes == len(content) > 50_000_000
    assert world.deliveries()[0].sha256 == hashlib.sha256(content).hexdigest()


def test_a_district_whose_key_is_damaged_is_told_and_the_others_are_fetched(world: World) -> None:
    world.add("beta")
    for district in ("alpha", "beta"):
        DistrictArchive(world.settings.paths, district).keyring.derived_key(district, "archive")
        world.put(district, "roster", "roster.zip", zip_of(ROSTER))
    (world.settings.paths.keys / "districts" / "alpha.key").write_bytes(b"not the key")
    fetched = world.fetch()
    assert "damaged, or was sealed with another key" in fetched.faults["alpha"]
    assert [delivery.district_id for delivery in world.deliveries()] == ["beta"]
    assert [path.name for path in (world.root / "alpha" / "inbox" / "roster").iterdir()] == ["roster.zip"]
    assert not list(world.settings.paths.archive.glob(".*"))
