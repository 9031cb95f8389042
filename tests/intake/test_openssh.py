"""A district's own server, as OpenSSH runs it: nothing is deleted there, and what was taken is remembered."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.registry.schema import RemoteFile
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.servers import Sshd, World

pytestmark = pytest.mark.needs_sshd
ROSTER = small.roster()
SUBGROUPS = "student_id,ell\ns000,y\n"


@pytest.fixture
def foreign(world: World, sshd: Sshd) -> Sshd:
    """The district `beta` on its own server."""
    world.add("beta", sshd.yaml())
    return sshd


def _let_settle(world: World) -> None:
    """As if everything had been seen two minutes earlier: on a foreign server our own clock counts, from first sight."""
    with world.registry.begin() as session:
        for file in session.scalars(sa.select(RemoteFile)):
            file.unchanged_since = file.unchanged_since.replace(year=file.unchanged_since.year - 1)


def _touch(path: Path, content: bytes | str) -> None:
    """Another upload of a file, at another second."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    later = time.time() + 10
    os.utime(path, (later, later))


def test_a_zip_is_fetched_and_stays_where_it_is(world: World, foreign: Sshd) -> None:
    path = foreign.put("roster", "roster.zip", zip_of(ROSTER))
    world.fetch("beta")
    assert world.states("beta") == [("received", "zip_crc", [])]
    assert path.exists()


def test_what_was_taken_is_not_taken_again(world: World, foreign: Sshd) -> None:
    foreign.put("roster", "roster.zip", zip_of(ROSTER))
    world.fetch("beta")
    fetched = world.fetch("beta")
    assert (fetched.new, fetched.seen_again, fetched.bytes) == ([], 0, 0)


def test_a_changed_file_is_taken_again(world: World, foreign: Sshd) -> None:
    path = foreign.put("roster", "roster.zip", zip_of(ROSTER))
    world.fetch("beta")
    _touch(path, zip_of(small.roster(12)))
    assert len(world.fetch("beta").new) == 1
    assert len(world.deliveries("beta")) == 2


def test_a_file_written_anew_with_the_same_bytes_is_seen_again(world: World, foreign: Sshd) -> None:
    path = foreign.put("roster", "roster.zip", zip_of(ROSTER))
    world.fetch("beta")
    _touch(path, path.read_bytes())
    fetched = world.fetch("beta")
    assert (fetched.new, fetched.seen_again) == ([], 1)


def test_a_loose_file_settles_by_our_clock_from_first_sight(world: World, foreign: Sshd) -> None:
    path = foreign.put("subgroups", "s.csv", SUBGROUPS)
    os.utime(path, (0, 0))
    assert world.fetch("beta").waiting == {("beta", "subgroups"): ["s.csv"]}
    _let_settle(world)
    assert len(world.fetch("beta").new) == 1
    assert world.states("beta") == [("received", "settled", [])]


def test_a_time_in_the_future_does_not_keep_a_file_waiting(world: World, foreign: Sshd) -> None:
    path = foreign.put("subgroups", "s.csv", SUBGROUPS)
    os.utime(path, (4_000_000_000, 4_000_000_000))
    world.fetch("beta")
    _let_settle(world)
    assert len(world.fetch("beta").new) == 1


def test_a_loose_set_of_which_one_file_changed_is_taken_whole(world: World, foreign: Sshd) -> None:
    """The files that had not changed were left out as taken, so the rest was rejected as an incomplete roster."""
    for name, text in ROSTER.items():
        foreign.put("roster", name, text)
    world.fetch("beta")
    _let_settle(world)
    assert len(world.fetch("beta").new) == 1
    _touch(foreign.files / "inbox/roster/users.csv", ROSTER["users.csv"].replace("Given1", "Other"))
    world.fetch("beta")
    _let_settle(world)
    assert len(world.fetch("beta").new) == 1
    assert [{f.name for f in d.files} for d in world.deliveries("beta")] == [set(ROSTER), set(ROSTER)]
    assert world.fetch("beta").seen_again == 0


def test_a_wrong_kind_is_rejected_once_and_not_every_night(world: World, foreign: Sshd) -> None:
    foreign.put("roster", "roster.xlsx", b"PK")
    for _ in range(3):
        world.fetch("beta")
    assert world.states("beta") == [("rejected", None, ["PKG007"])]
    assert world.deliveries("beta")[0].seen_again_count == 0


def test_links_directories_and_temporary_names_are_not_looked_at(world: World, foreign: Sshd) -> None:
    inbox = foreign.files / "inbox/roster"
    inbox.mkdir(parents=True)
    (inbox / "link.zip").symlink_to("/etc/passwd")
    (inbox / "folder.zip").mkdir()
    foreign.put("roster", "roster.zip.filepart", b"half")
    fetched = world.fetch("beta")
    assert (fetched.new, fetched.waiting, fetched.faults) == ([], {}, {})


def test_a_directory_that_is_not_there_holds_nothing(world: World, foreign: Sshd) -> None:
    fetched = world.fetch("beta")
    assert (fetched.new, fetched.faults) == ([], {})


def test_a_name_that_is_no_text_is_a_fault_of_that_server_only(world: World, foreign: Sshd) -> None:
    """A name that is not UTF-8 raised UnicodeDecodeError, which stopped the fetch for every district."""
    foreign.put("roster", b"r\xe9sum\xe9.zip", zip_of(ROSTER))
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER))
    fetched = world.fetch()
    assert [d.district_id for d in world.deliveries()] == ["alpha"]
    assert list(fetched.faults) == ["beta"]


def test_two_districts_may_share_a_server(world: World, foreign: Sshd) -> None:
    other = foreign.files.parent / "others"
    (other / "inbox/roster").mkdir(parents=True)
    (other / "inbox/roster/roster.zip").write_bytes(zip_of(small.roster(3)))
    foreign.put("roster", "roster.zip", zip_of(ROSTER))
    world.add("gamma", foreign.yaml(root=str(other)))
    world.fetch()
    assert sorted(d.district_id for d in world.deliveries()) == ["beta", "gamma"]
    assert len({d.sha256 for d in world.deliveries()}) == 2


def test_another_host_key_than_the_one_on_record_is_refused(world: World, foreign: Sshd) -> None:
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    foreign.put("roster", "roster.zip", zip_of(ROSTER))
    world.add("beta", foreign.yaml(host_key=other))
    assert "another host key" in world.fetch("beta").faults["beta"]
    assert world.deliveries("beta") == []


@pytest.mark.slow
def test_a_big_file_and_many_small_ones_come_through(world: World, foreign: Sshd) -> None:
    for number in range(200):
        foreign.put("roster", f"{number:03}.zip", zip_of({"users.csv": f"u{number}"}))
    big = bytes(range(256)) * 200_000
    foreign.put("subgroups", "big.csv", big)
    world.fetch("beta")
    _let_settle(world)
    for _ in range(10):  # a run takes twenty of a feed
        world.fetch("beta")
    assert len(world.deliveries("beta")) == 201
    assert max(f.size for d in world.deliveries("beta") for f in d.files) == len(big)
