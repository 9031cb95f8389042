"""What proves an upload complete: what the district wrote beside it; and what becomes of one that never is."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import pytest

from subgroup_pipeline.intake import fetch as fetch_module
from subgroup_pipeline.intake.archive import IncomingFile
from subgroup_pipeline.intake.sources.file_server import RemoteEntry
from subgroup_pipeline.intake.sources.sftp import SftpConnection
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.registry.ledger import district_findings
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.servers import World, open_world

ROSTER = small.roster()
SUBGROUPS = "student_id,ell\ns000,y\ns001,n\n"
ZIP = zip_of(ROSTER)


def _sum(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def _late(world: World) -> list[tuple[str, str | None]]:
    with world.registry.begin() as session:
        return [(finding.code, finding.file) for finding in district_findings(session)]


@pytest.mark.parametrize("form", ["{sum}", "{sum}  s.csv\n", "SHA256 (s.csv) = {sum}\r\n"])
def test_a_checksum_proves_a_file_without_waiting_and_is_cleared_with_it(world: World, form: str) -> None:
    world.put("alpha", "subgroups", "s.csv", SUBGROUPS, age=0)
    world.put("alpha", "subgroups", "s.csv.sha256", form.format(sum=_sum(SUBGROUPS).upper()), age=0)
    world.fetch()
    assert world.states() == [("received", "sha256", [])]
    assert world.left("alpha", "subgroups") == []


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_row_count_proves_a_file_without_waiting(world: World, codec: str) -> None:
    world.put("alpha", "subgroups", "s.csv", SUBGROUPS.encode(codec), age=0)
    world.put("alpha", "subgroups", "_manifest.csv", "file,rows\ns.csv,2\n", age=0)
    world.fetch()
    assert world.states() == [("received", "row_count", [])]
    assert world.left("alpha", "subgroups") == []


BROKEN = {"s.csv.sha256": _sum("another"), "_manifest.csv": "file,rows\ns.csv,3\n"}


@pytest.mark.parametrize("beside", BROKEN)
def test_a_file_that_is_not_what_was_said_waits_and_is_then_rejected(world: World, beside: str) -> None:
    world.put("alpha", "subgroups", "s.csv", SUBGROUPS, age=0)
    world.put("alpha", "subgroups", beside, BROKEN[beside], age=0)
    assert world.fetch().waiting == {("alpha", "subgroups"): ["s.csv"]}
    assert world.archived() == []
    world.put("alpha", "subgroups", "s.csv", SUBGROUPS)
    world.put("alpha", "subgroups", beside, BROKEN[beside])
    world.fetch()
    assert world.states() == [("rejected", None, ["PRT902"])]
    assert world.deliveries()[0].findings[0].file == "s.csv"
    assert world.left("alpha", "subgroups") == []


def test_without_settling_a_file_that_is_not_what_was_said_is_rejected_at_once(tmp_path: Path, template: Path) -> None:
    with open_world(tmp_path / "home", template, settle_seconds=0) as world:
        world.add("alpha")
        world.put("alpha", "subgroups", "s.csv", SUBGROUPS[:-4], age=0)
        world.put("alpha", "subgroups", "s.csv.sha256", _sum(SUBGROUPS), age=0)
        world.fetch()
        assert world.states() == [("rejected", None, ["PRT902"])]


def test_a_zip_is_proved_by_its_own_sums_and_refused_for_a_wrong_one_beside_it(world: World) -> None:
    world.put("alpha", "roster", "roster.zip", ZIP, age=0)
    world.put("alpha", "roster", "roster.zip.sha256", _sum(ZIP), age=0)
    world.fetch()
    other = zip_of(small.roster(12))
    world.put("alpha", "roster", "roster.zip", other)
    world.put("alpha", "roster", "roster.zip.sha256", _sum(ZIP))
    world.fetch()
    assert world.states() == [("received", "zip_crc", []), ("rejected", None, ["PRT902"])]
    assert world.left("alpha") == []


def test_a_loose_set_is_proved_by_the_weakest_proof_of_its_files(world: World) -> None:
    world.drop("alpha", "roster", ROSTER)
    for name in ("users.csv", "orgs.csv"):
        world.put("alpha", "roster", f"{name}.sha256", _sum(ROSTER[name]))
    world.fetch()
    world.drop("alpha", "roster", changed := small.roster(11), age=0)
    for name, text in changed.items():
        world.put("alpha", "roster", f"{name}.sha256", _sum(text), age=0)
    world.fetch()
    assert [proof for _, proof, _ in world.states()] == ["settled", "sha256"]
    assert world.left("alpha") == []


@pytest.mark.parametrize("name", ["s.csv.filepart", "s.csv.part", "s.tmp", ".s.csv.Xy12z"])
def test_an_upload_that_is_not_finished_after_an_hour_is_a_finding_and_never_data(world: World, name: str) -> None:
    world.put("alpha", "subgroups", name, SUBGROUPS, age=59 * 60)
    world.fetch()
    assert _late(world) == []
    world.put("alpha", "subgroups", name, SUBGROUPS, age=61 * 60)
    fetched = world.fetch()
    assert (_late(world), world.deliveries(), fetched.bytes, world.archived()) == ([("PRT901", name)], [], 0, [])
    assert world.left("alpha", "subgroups") == [name]
    (world.root / "alpha" / "inbox" / "subgroups" / name).unlink()
    world.fetch()
    assert _late(world) == []


def test_a_checksum_whose_file_never_came_is_a_finding(world: World) -> None:
    world.put("alpha", "subgroups", "s.csv.sha256", _sum(SUBGROUPS), age=61 * 60)
    world.fetch()
    assert (_late(world), world.deliveries()) == ([("PRT901", "s.csv.sha256")], [])


def test_a_loose_set_whose_files_never_come_is_handed_on_after_an_hour(world: World) -> None:
    """Screening says then which file is missing, and whether anybody needs it."""
    without = {name: text for name, text in ROSTER.items() if name != "users.csv"}
    world.drop("alpha", "roster", without, age=59 * 60)
    assert set(world.fetch().waiting["alpha", "roster"]) == set(without)
    assert len(world.archived()) == 1  # the manifest alone is looked at while the set waits
    world.drop("alpha", "roster", without, age=61 * 60)
    world.fetch()
    assert world.states() == [("received", "settled", [])]
    assert world.left("alpha") == []


def test_names_in_other_capitals_make_one_complete_set(world: World) -> None:
    world.drop("alpha", "roster", {name.upper(): text for name, text in ROSTER.items()}, age=1800)
    world.put("alpha", "roster", "ORGS.CSV.SHA256", _sum(ROSTER["orgs.csv"]), age=0)
    world.fetch()
    assert world.states() == [("received", "settled", [])]
    assert world.left("alpha") == []


LITTER = [
    ".DS_Store", "._users.csv", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", "~$roster.xlsx", ".~lock.users.csv#",
    ".gitkeep",
]  # fmt: skip


@pytest.mark.parametrize("feed", ["roster", "subgroups"])
def test_what_programs_leave_is_cleared_and_neither_data_nor_a_finding(world: World, feed: str) -> None:
    for name in LITTER:
        world.put("alpha", feed, name, b"x", age=61 * 60)
    fetched = world.fetch()
    assert (fetched.new, fetched.waiting, _late(world), world.archived()) == ([], {}, [], [])
    assert world.left("alpha", feed) == []


def test_litter_beside_a_loose_roster_is_no_part_of_it(world: World) -> None:
    world.drop("alpha", "roster", ROSTER | dict.fromkeys(LITTER, "x"))
    world.fetch()
    (delivery,) = world.deliveries()
    assert {file.name for file in delivery.files} == set(ROSTER)
    assert world.left("alpha") == []


@pytest.mark.parametrize("form", ["zip", "loose"])
def test_a_roster_in_the_inbox_of_subgroup_files_is_one_finding(world: World, form: str) -> None:
    files = {"roster.zip": ZIP} if form == "zip" else ROSTER
    for name, content in files.items():
        world.put("alpha", "subgroups", name, content)
    world.fetch()
    assert [(d.feed, d.verdict, [f.code for f in d.findings]) for d in world.deliveries()] == [
        ("subgroups", "rejected", ["PKG018"])
    ]
    assert "Put it into inbox/roster." in world.deliveries()[0].findings[0].message
    assert world.left("alpha", "subgroups") == []
    for name, content in files.items():  # the mend, followed
        world.put("alpha", "roster", name, content)
    world.fetch()
    assert [(d.feed, d.state) for d in world.deliveries()] == [("subgroups", "rejected"), ("roster", "received")]


def test_a_loose_roster_in_the_wrong_inbox_waits_until_all_of_it_has_settled(world: World) -> None:
    world.drop("alpha", "subgroups", ROSTER)
    world.put("alpha", "subgroups", "users.csv", ROSTER["users.csv"], age=5)
    assert set(world.fetch().waiting["alpha", "subgroups"]) == set(ROSTER)
    assert world.deliveries() == []


def test_a_manifest_is_fetched_once_in_a_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    fetch = SftpConnection.fetch

    def noted(connection: SftpConnection, entry: RemoteEntry, target: IncomingFile) -> bool:
        fetched.append(entry.name)
        return fetch(connection, entry, target)

    monkeypatch.setattr(SftpConnection, "fetch", noted)
    world.drop("alpha", "roster", ROSTER)
    world.fetch()
    assert sorted(fetched) == sorted(ROSTER)


def test_a_file_that_its_process_does_not_survive_is_rejected_and_the_others_are_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module, "ReadingPool", partial(ReadingPool, memory=1))
    world.put("alpha", "roster", "roster.zip", zip_of(ROSTER | {"users.csv": "x" * 3_000_000}))
    world.put("alpha", "subgroups", "s.csv", SUBGROUPS + "x" * 3_000_000)
    world.put("alpha", "subgroups", "_manifest.csv", "file,rows\ns.csv,2\n")
    world.put("alpha", "subgroups", "t.csv", SUBGROUPS, age=100)
    world.fetch()
    assert sorted((f.code, f.file) for d in world.deliveries() for f in d.findings) == [
        ("FIL003", "roster.zip"),
        ("PRT902", "s.csv"),
    ]
    assert sorted(state for state, *_ in world.states()) == ["received", "rejected", "rejected"]


def test_many_uploads_of_one_district_are_taken_over_several_runs(world: World) -> None:
    for number in range(25):
        world.put("alpha", "subgroups", f"s{number:02}.csv", f"student_id,ell\ns{number},y\n", age=3600 - number)
    assert len(world.fetch().new) == 20
    assert world.left("alpha", "subgroups") == [f"s{number}.csv" for number in range(20, 25)]
    assert len(world.fetch().new) == 5
