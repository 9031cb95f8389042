"""What lies in an inbox now: on our server as it lies there, on a district's own as a run or a sensor last saw it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from subgroup_pipeline.desk.asked_check import PATIENCE, begins_at
from subgroup_pipeline.desk.inbox_now import inbox_now
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.registry.schema import AskedCheck, RemoteFile
from tests.support.place import Place

SERVER = "server: {host: sftp.oak.example, username: us, host_key: ssh-ed25519 AAAA, private_key: oak, root: /out}\nguards:"


def test_files_of_our_server_with_what_programs_left_out(place: Place) -> None:
    district = registered_district(place.registry, place.add())
    assert inbox_now(place.registry, place.settings, district) == []
    inbox = place.settings.paths.sftp / "alpha" / "inbox" / "subgroups"
    inbox.mkdir(parents=True)
    for name, age in (("old.csv", 61), ("new.csv", 5), ("s.csv.filepart", 500), ("Thumbs.db", 500)):
        (inbox / name).write_text("x" * 1500)
        os.utime(inbox / name, (time.time() - age,) * 2)
    (inbox / "folder.csv").mkdir()
    (inbox / "link.csv").symlink_to(place.settings.paths.registry_file)
    seen = inbox_now(place.registry, place.settings, district)
    now = datetime.now(UTC)
    assert [(file.name, file.is_settled(now), file.is_unfinished) for file in seen] == [
        ("new.csv", False, False), ("old.csv", True, False), ("s.csv.filepart", False, True),
    ]  # fmt: skip
    assert {file.size for file in seen} == {"2 kB"}


def test_files_of_a_districts_own_server_by_our_clock_and_without_those_that_were_taken(place: Place) -> None:
    district = registered_district(place.registry, place.add(**{"guards:": SERVER}))
    then = datetime.now(UTC) - timedelta(seconds=30)
    with place.registry.begin() as session:
        for path, taken in (("/out/inbox/roster/r.zip", False), ("/out/inbox/roster/old.zip", True), ("/out/else/x.csv", False)):
            session.add(
                RemoteFile(district_id="alpha", path=path, size=10, mtime=1, unchanged_since=then, is_taken=taken),
            )
    (file,) = inbox_now(place.registry, place.settings, district)
    assert (file.name, file.feed_words, file.unchanged_since) == ("r.zip", "Roster", then)
    assert file.settles_at == then + timedelta(seconds=60)


@pytest.mark.parametrize(("name", "waits"), [("s.csv", timedelta(seconds=60)), ("s.csv.part", PATIENCE)])
def test_a_check_begins_when_all_files_are_complete_or_the_patience_is_over(place: Place, name: str, waits: timedelta) -> None:
    district = registered_district(place.registry, place.add())
    inbox = place.settings.paths.sftp / "alpha" / "inbox" / "roster"
    inbox.mkdir(parents=True)
    now = datetime.now(UTC)
    asked = AskedCheck(district_id="alpha", asked_at=now, asked_by="x", started_at=None)
    assert begins_at(asked, inbox_now(place.registry, place.settings, district)) == now
    (inbox / name).write_text("x")
    begins = begins_at(asked, inbox_now(place.registry, place.settings, district))
    assert abs(begins - now - waits) < timedelta(seconds=5)
