"""`subgroups check`: the verdict of a night, and an installation in which nothing changed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.intake.fetch import register_arrival
from subgroup_pipeline.intake.sources.inbox import Inbox
from subgroup_pipeline.intake.sources.listing import inbox_directory
from subgroup_pipeline.intake.sources.offered import LocalFiles
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.registry.ledger import Feed, all_deliveries, describe_delivery
from subgroup_pipeline.rehearsal.rehearse import Rehearsal, rehearse
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support import roster_server
from tests.support import small_district as small
from tests.support.command import USED_WRONGLY, Said, Shell
from tests.support.home import Files, Home
from tests.support.installation import zip_of

pytestmark = pytest.mark.slow


class House(Home):
    """An installation without servers, in which files are taken in or checked."""

    @property
    def _desk(self) -> Path:
        return self.settings.paths.root.parent / "desk"

    def files(self, files: Files) -> list[Path]:
        """These files on the district's own disk."""
        shutil.rmtree(self._desk, ignore_errors=True)
        self._desk.mkdir()
        for name, content in files.items():
            (self._desk / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return sorted(self._desk.iterdir())

    def check(self, district: str, feed: Feed, files: Files) -> Rehearsal:
        whose = registered_district(self.registry, district)
        offered = LocalFiles(inbox_directory(whose.settings, feed), self.files(files))
        return rehearse(self.registry, self.settings, whose, feed, offered)

    def night(self, district: str, feed: Feed, files: Files) -> dict[str, object]:
        """What a night makes of the files, up to the verdict."""
        whose = registered_district(self.registry, district).settings
        offered = LocalFiles(inbox_directory(whose, feed), self.files(files))
        with ReadingPool(1) as readers:
            zips = UnpackedZips(self.settings.paths.scratch, readers)
            taken = Inbox(self.registry, self.settings, offered, whose, zips).take()
        for arrival in taken.arrivals:
            with self.registry.begin() as session:
                register_arrival(session, district, arrival)
        self.judge()
        return describe_delivery([d for d in all_deliveries(self.registry, [district]) if d.feed == feed][-1])

    def traces(self) -> dict[str, str]:
        """Every file of the home by hash; SQLite's write-ahead files are no content of their own."""
        root = self.settings.paths.root
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]  # noqa: ANN201
    made = House.at(tmp_path_factory.mktemp("house") / "home", memory_limit="1GB", settle_seconds=0)
    made.add("oak")
    made.add("elm")
    made.night("oak", "roster", {"roster.zip": zip_of(small.roster(60))})
    yield made
    made.close()


def _delta(status: str, *students: int) -> Files:
    """Changes of some students only."""
    full = small.roster(max(students) + 1)
    header, *rows = full["users.csv"].splitlines()
    changed = [rows[n].replace(",,,true", f",{status},2026-09-30T00:00:00.000Z,true", 1) for n in students]
    manifest = small.manifest({}).replace("file.users,absent", "file.users,delta")
    return {"roster.zip": zip_of({"manifest.csv": manifest, "users.csv": "\n".join([header, *changed]) + "\n"})}


CASES: dict[str, tuple[Feed, Files]] = {
    "a good roster": ("roster", {"roster.zip": zip_of(small.roster(61))}),
    "a loose roster": ("roster", small.roster(59)),
    "a roster that lost half": ("roster", {"roster.zip": zip_of(small.roster(30))}),
    "a torn zip": ("roster", {"roster.zip": zip_of(small.roster(60))[:-200]}),
    "a roster that lost a file": ("roster", {k: v for k, v in small.roster(60).items() if k != "users.csv"}),
    "changes of three students": ("roster", _delta("tobedeleted", 3, 4, 70)),
    "changes that remove many": ("roster", _delta("tobedeleted", *range(30))),
    "a good file": ("subgroups", {"s.csv": small.subgroups(60)}),
    "strangers": ("subgroups", {"s.csv": small.subgroups(60).replace("s0", "x0")}),
    "a renamed column": ("subgroups", {"s.csv": small.subgroups(60).replace("ell", "english learner")}),
    "a contradiction": ("subgroups", {"s.csv": small.subgroups(60) + "s001,Y,y\n"}),
    "a loose roster where subgroup files belong": ("subgroups", small.roster(60)),
    "a subgroup file where rosters belong": ("roster", {"s.csv": small.subgroups(60)}),
    "names in capitals": ("roster", {name.upper(): text for name, text in small.roster(60).items()}),
    "a workbook": ("subgroups", {"s.xlsx": b"PK\x03\x04"}),
}


def _what(delivery: Mapping[str, object]) -> dict[str, object]:
    """What a night and a check must agree on."""
    return {name: delivery[name] for name in ("verdict", "state", "proof", "sha256", "files", "counts", "findings")}


QUICK = ("a roster that lost half", "a contradiction")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in CASES])
def test_a_check_says_what_the_night_then_says(house: House, name: str, tmp_path: Path) -> None:
    feed, files = CASES[name]
    before = house.traces()
    said = house.check("oak", feed, files)
    assert house.traces() == before
    assert list(house.settings.paths.rehearsals.iterdir()) == []
    # The night is another copy of the same installation: a check must not have helped it.
    shutil.copytree(house.settings.paths.root, tmp_path / "home")
    twin = House.at(tmp_path / "home", memory_limit="1GB", settle_seconds=0)
    assert _what(said.delivery) == _what(twin.night("oak", feed, files))
    twin.close()
    assert said.would_be_used == (said.verdict in ("accepted", "accepted_with_rows_set_aside"))


def test_a_district_without_a_roster_is_told_that_the_file_would_wait(house: House) -> None:
    said = house.check("elm", "subgroups", {"s.csv": small.subgroups()})
    assert said.verdict is None
    assert said.would_be_used
    assert [finding["code"] for finding in said.delivery["findings"]] == ["SUB509"]
    assert "wait for a roster" in said.outcome


def test_a_first_delivery_that_a_person_would_look_at_is_shown_as_held(house: House) -> None:
    house.add("ash", accept="review")
    said = house.check("ash", "roster", small.roster())
    assert (said.verdict, said.would_be_used) == ("held", False)
    assert "FST701" in {finding["code"] for finding in said.delivery["findings"]}
    assert "a person" in said.outcome


def test_the_live_file_again_is_said_to_change_nothing(house: House) -> None:
    said = house.check("oak", "roster", {"again.zip": zip_of(small.roster(60))})
    assert said.verdict == "accepted"
    assert "change nothing" in said.outcome


def test_a_check_uses_the_settings_of_today(house: House) -> None:
    house.add("yew")
    house.night("yew", "roster", small.roster())
    house.night("yew", "subgroups", {"s.csv": small.subgroups()})
    house.add("yew", **{"english_learner, values: {y: yes, n: no}": "english_learner, values: {n: no}"})
    said = house.check("yew", "subgroups", {"s.csv": small.subgroups(9)})
    assert {f["code"]: f["count"] for f in said.delivery["findings"]}["SUB506"] == 3


def test_a_rejected_file_is_checked_again_under_the_settings_of_today(house: House) -> None:
    house.add("fir")
    file = {"s.csv": small.subgroups().replace("ell", "el status")}
    house.night("fir", "roster", small.roster())
    assert house.night("fir", "subgroups", file)["verdict"] == "rejected"
    assert house.check("fir", "subgroups", file).verdict == "rejected"
    house.add("fir", **{"{y: yes, n: no}}\n    sped": "{y: yes, n: no}, aliases: [el_status]}\n    sped"})
    assert house.check("fir", "subgroups", file).verdict == "accepted"


def test_changes_behind_a_held_set_of_changes_would_wait(house: House) -> None:
    house.add("bay")
    house.night("bay", "roster", small.roster(60))
    assert house.night("bay", "roster", _delta("tobedeleted", *range(30)))["verdict"] == "held"
    said = house.check("bay", "roster", _delta("tobedeleted", 40))
    assert (said.verdict, said.would_be_used) == (None, True)
    assert "earlier changes-only roster" in said.outcome


def test_a_check_runs_beside_a_night_that_holds_the_warehouse(house: House) -> None:
    with open_warehouse(house.settings):
        assert house.check("oak", "subgroups", {"s.csv": small.subgroups(60)}).verdict == "accepted"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    made = Shell(tmp_path_factory.mktemp("shell"))
    (made.directory / "oak.yml").write_text(small.settings("oak"))
    (made.directory / "none.yml").write_text(small.settings("none").split("subgroups:")[0])
    assert made.subgroups("district", "apply", "oak.yml", "none.yml").status == 0
    (made.directory / "roster.zip").write_bytes(zip_of(small.roster()))
    (made.directory / "s.csv").write_text(small.subgroups())
    loose = made.directory / "loose"
    loose.mkdir()
    for name, text in small.roster().items():
        (loose / name).write_text(text)
    (loose / "users.csv").write_text(small.roster()["users.csv"].replace(",true,", ",false,"))
    return made


def test_the_command_prints_what_delivery_show_prints(shell: Shell) -> None:
    said: Said = shell.subgroups("check", "roster.zip", "--district", "oak", "--json")
    assert said.status == 0, said
    assert (said.data["feed"], said.data["verdict"], said.data["delivery_id"]) == ("roster", "accepted", None)
    assert said.data["counts"]["files"]["users.csv"]["landed"] == 10
    assert said.data["check"]["not_checked"]
    assert shell.subgroups("delivery", "list", "--json").data == []


def test_a_file_that_would_be_refused_is_status_one_in_words(shell: Shell) -> None:
    said = shell.subgroups("check", "loose", "--district", "oak")
    assert said.status == 1
    assert "would be rejected" in said.out
    assert "STU601" in said.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nothing.csv", "--district", "oak"), "nothing.csv"),
        (("s.csv", "--district", "nobody"), "no district is called nobody"),
        (("s.csv", "--district", "oak", "--feed", "marks"), "roster, subgroups"),
        (("s.csv", "--district", "none", "--feed", "subgroups"), "no subgroup file"),
        (("loose", "--district", "oak", "--feed", "subgroups"), "one file"),
        (("s.csv",), "--district"),
    ],
)
def test_wrong_use_is_status_two(shell: Shell, arguments: tuple[str, ...], word: str) -> None:
    said = shell.subgroups("check", *arguments)
    assert said.status == USED_WRONGLY
    assert word in " ".join(said.err.replace("│", " ").split())


def test_a_roster_that_is_fetched_can_be_checked_as_files(house: House) -> None:
    house.apply(roster_server.settings("fetched", "https://fetched.example/ims/oneroster/v1p1"))
    checked = house.check("fetched", "roster", roster_server.roster())
    assert (checked.verdict, checked.delivery["feed"]) == ("accepted", "roster")
