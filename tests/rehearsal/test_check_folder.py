"""The folder `check/`: a report in the outbox for every file, the file gone, and nothing delivered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.rehearsal import check_folder
from subgroup_pipeline.rehearsal.check_folder import Checked, answer_checks
from subgroup_pipeline.rehearsal.rehearse import rehearse
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of


@pytest.fixture
def drops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation_in(tmp_path_factory.mktemp("check") / "home") as installation:
        for district in ("oak", "elm"):
            installation.apply(small.settings(district))
        yield installation


def _put(installation: Installation, district: str, files: Mapping[str, str | bytes]) -> None:
    """As the district's own client does."""
    sftp = installation.sftp(district)
    for name, content in files.items():
        with sftp.open(f"check/{name}", "wb") as remote:
            remote.write(content.encode() if isinstance(content, str) else content)
    sftp.close()


def _answer(installation: Installation) -> Checked:
    return answer_checks(installation.registry, installation.settings, registered_districts(installation.registry))


def _reports(installation: Installation, district: str) -> dict[str, dict[str, Any]]:
    """What the district's client reads in its outbox, by the name of the checked file."""
    sftp = installation.sftp(district)
    found = {}
    for name in sftp.listdir("outbox/checks"):
        with sftp.open(f"outbox/checks/{name}") as remote:
            assert name.startswith("check_")
            content = remote.read()
        checked = name.removeprefix("check_").rpartition("_")[0]
        if name.endswith(".json"):
            found[checked] = json.loads(content)
        else:
            assert b"The file was not delivered" in content or name.endswith((".csv", ".xlsx"))
    return found


def _left(installation: Installation, district: str) -> list[str]:
    return sorted(installation.sftp(district).listdir("check"))


def test_every_file_gets_a_report_and_none_is_delivered(drops: Installation) -> None:
    _put(drops, "oak", {"roster.zip": zip_of(small.roster()), "s.csv": small.subgroups(), "Ünser Büch.xlsx": b"PK\x03\x04"})
    _put(drops, "elm", {name: text for name, text in small.roster().items() if name != "users.csv"} | {"Thumbs.db": "x"})
    checked = _answer(drops)
    assert (checked.reports, checked.refused, checked.left, checked.faults) == (4, 2, 0, {})
    oak, elm = _reports(drops, "oak"), _reports(drops, "elm")
    assert {name: (report["feed"], report["verdict"]) for name, report in oak.items()} == {
        "roster.zip": ("roster", "accepted"),
        "s.csv": ("subgroups", None),
        "_nser_B_ch.xlsx": ("subgroups", "rejected"),
    }
    assert [problem["code"] for problem in oak["_nser_B_ch.xlsx"]["problems"]] == ["PKG007"]
    assert (elm["roster"]["feed"], elm["roster"]["verdict"]) == ("roster", "rejected")
    assert {problem["code"] for problem in elm["roster"]["problems"]} == {"PKG003"}
    assert _left(drops, "oak") == _left(drops, "elm") == []
    assert all_deliveries(drops.registry) == []
    assert not [path for path in drops.settings.paths.archive.rglob("*") if path.is_file()]
    with drops.registry.begin() as session:
        assert session.query(AuditEvent).filter_by(kind="check.answered").count() == 4


def test_a_report_that_cannot_be_written_leaves_the_file_for_the_next_run(
    drops: Installation,
) -> None:
    _put(drops, "oak", {"s.csv": small.subgroups()})
    _put(drops, "elm", {"s.csv": small.subgroups()})
    outbox = drops.settings.paths.sftp / "oak" / "outbox"
    outbox.rmdir()
    checked = _answer(drops)
    assert (checked.reports, list(checked.faults)) == (1, ["oak"])
    assert _left(drops, "oak") == ["s.csv"]  # signing in makes the folders that are missing
    assert _answer(drops).reports == 1
    assert _left(drops, "oak") == []
    assert list(drops.settings.paths.rehearsals.iterdir()) == []


def test_a_check_that_fails_stops_nobody_and_says_no_value(drops: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(drops, "oak", {"s.csv": small.subgroups()})
    _put(drops, "elm", {"s.csv": small.subgroups()})
    real = rehearse

    def fails_for_elm(registry, settings, district, *rest):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN202
        if district.district_id == "elm":
            raise ValueError("s001,Given1")
        return real(registry, settings, district, *rest)

    monkeypatch.setattr(check_folder, "rehearse", fails_for_elm)
    checked = _answer(drops)
    assert (checked.reports, set(checked.faults)) == (1, {"elm"})
    assert "s001" not in checked.faults["elm"]
    assert _left(drops, "elm") == ["s.csv"]


def test_a_district_that_fills_its_folder_waits_and_the_others_do_not(
    drops: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_folder, "MOST_A_DISTRICT", 2)
    monkeypatch.setattr(check_folder, "MOST_A_RUN", 2)
    _put(drops, "elm", {f"{number}.csv": "x" for number in range(3)})
    _put(drops, "oak", {"s.csv": small.subgroups()})
    checked = _answer(drops)
    assert (checked.reports, checked.left) == (2, 2)
    assert len(_left(drops, "elm")) == 2
    assert _left(drops, "oak") == []


def test_a_file_that_is_still_written_waits(tmp_path_factory: pytest.TempPathFactory) -> None:
    with installation_in(tmp_path_factory.mktemp("check") / "home", settle_seconds="60") as installation:
        installation.apply(small.settings("oak"))
        _put(installation, "oak", {"s.csv": small.subgroups(), "t.csv.filepart": "student_id"})
        assert _answer(installation) == Checked()
        assert _left(installation, "oak") == ["s.csv", "t.csv.filepart"]
