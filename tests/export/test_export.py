"""An export holds what a build of each district reads, and is written where that changed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import fsspec
import pytest

from subgroup_pipeline.desk.export import export_now
from subgroup_pipeline.errors import ExportError
from subgroup_pipeline.export.export import KEPT, Exported
from subgroup_pipeline.export.store import Store
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.command import Shell
from tests.support.home import Home
from tests.support.place import Place


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home in which two districts' deliveries are accepted; nothing was ever built."""
    home = Home.at(tmp_path_factory.mktemp("judged"), memory_limit="1GB")
    for district in ("alder", "birch"):
        home.add(district)
        home.deliver("roster", small.roster(), district)
        home.deliver("subgroups", {"subgroups.csv": small.subgroups()}, district)
    home.judge()
    yield home
    home.close()


@pytest.fixture
def home(judged: Home, tmp_path: Path) -> Iterator[Place]:
    shutil.copytree(judged.settings.home, tmp_path / "home", symlinks=True)
    place = Place.at(tmp_path / "home", memory_limit="1GB")
    yield place
    place.close()


def exported(home: Home, target: Path, *districts: str) -> Exported:
    return export_now(home.registry, home.settings, str(target), districts)


def rows(target: Path, table: str, columns: str = "district_id, count(*)") -> list[tuple[object, ...]]:
    """What a reader gets of a table: the rows of the versions that count."""
    files = f"read_parquet('{target}/{table}/*/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    query = f"select {columns} from {files} inner join '{target}/district/*.json' using (district_id, version) group by all"
    return duckdb.sql(f"{query} order by all").fetchall()


def files(target: Path) -> dict[str, int]:
    return {str(path.relative_to(target)): path.stat().st_mtime_ns for path in target.rglob("*") if path.is_file()}


def test_it_holds_the_live_deliveries_by_district_and_what_their_settings_say(home: Place, tmp_path: Path) -> None:
    target = tmp_path / "export"
    done = exported(home, target)
    assert (done.written, done.unchanged, done.left_out, done.removed) == (["alder", "birch"], 0, [], [])
    for table in ("users", "orgs", "enrollments", "subgroup_row"):
        in_warehouse = home.ask(f"select district_id, count(*) from raw.{table} group by all order by all")
        assert rows(target, f"raw/{table}") == in_warehouse
    assert rows(target, "control/run_scope") == [("alder", 1), ("birch", 1)]
    subgroups = rows(target, "control/subgroup_column", "district_id, subgroup")
    assert ("alder", "english_learner") in subgroups
    assert rows(target, "history/student_cell") == []  # nothing was built before
    assert not [path for path in target.iterdir() if path.name.startswith(".")]


def test_a_district_that_did_not_change_is_not_written_again(home: Place, tmp_path: Path) -> None:
    target = tmp_path / "export"
    exported(home, target)
    before = files(target)
    again = exported(home, target)
    assert (again.written, again.unchanged) == ([], 2)
    assert files(target) == before

    home.deliver("subgroups", {"subgroups.csv": small.subgroups() + "\n"}, "birch")
    home.judge()
    changed = exported(home, target)
    assert (changed.written, changed.unchanged) == (["birch"], 1)
    assert all(stamp == before[name] for name, stamp in files(target).items() if "alder" in name)
    # The version before is there for who reads it, and counts no more.
    assert rows(target, "control/run_scope") == [("alder", 1), ("birch", 1)]
    assert len(list((target / "control/run_scope/district_id=birch").iterdir())) == 2


def test_what_no_entry_names_leaves_after_a_day(home: Place, tmp_path: Path) -> None:
    target = tmp_path / "export"
    exported(home, target)
    half = target / "raw" / "users" / "district_id=alder" / "version=killed" / "part.parquet"
    half.parent.mkdir()
    half.write_bytes(b"what a kill left")
    assert exported(home, target).cleared == 0
    then = (datetime.now(UTC) - KEPT - timedelta(minutes=1)).timestamp()
    for path in [half, *(target / "raw" / "users" / "district_id=birch").rglob("*.parquet")]:
        os.utime(path, (then, then))
    assert exported(home, target).cleared == 1
    assert not half.parent.exists()
    assert [row[0] for row in rows(target, "raw/users")] == ["alder", "birch"]  # old and named: it stays


def test_a_killed_export_changes_nothing_that_counts_and_is_made_good(
    home: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "export"
    exported(home, target)
    before = rows(target, "raw/subgroup_row")
    home.deliver("subgroups", {"subgroups.csv": small.subgroups().rpartition("\n")[0].rpartition("\n")[0] + "\n"}, "alder")
    home.judge()
    with monkeypatch.context() as patched:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(Store, "name", killed)
        with pytest.raises(KeyboardInterrupt):
            exported(home, target)
    assert rows(target, "raw/subgroup_row") == before
    assert exported(home, target).written == ["alder"]
    assert rows(target, "raw/subgroup_row") != before


def test_a_district_without_a_live_roster_is_taken_out_and_one_that_is_not_landed_stands(home: Place, tmp_path: Path) -> None:
    target = tmp_path / "export"
    exported(home, target)
    with home.registry.begin() as session:
        from subgroup_pipeline.registry.ledger import live_deliveries

        rosters = {district: delivery.delivery_id for district, delivery in live_deliveries(session, "roster").items()}
    home.set_state(rosters["alder"], "rejected")
    home.ask("delete from control.landed_delivery")
    done = exported(home, target)
    assert (done.removed, done.left_out, done.written) == (["alder"], ["birch"], [])
    assert [row[0] for row in rows(target, "raw/users")] == ["birch"]


def test_only_the_districts_that_are_named(home: Place, tmp_path: Path) -> None:
    assert exported(home, tmp_path / "export", "birch").written == ["birch"]
    assert [row[0] for row in rows(tmp_path / "export", "control/run_scope")] == ["birch"]


def test_an_object_store_gets_the_same_by_setting(home: Place, tmp_path: Path) -> None:
    """fsspec's own store in memory has no renames and no directories to rely on, as S3 has none."""
    address = f"memory://bucket-{time.time_ns()}/export"
    settings = load_settings(home=home.settings.home, export_url=address, memory_limit="1GB")
    assert export_now(home.registry, settings, None, []).written == ["alder", "birch"]
    store, root = fsspec.url_to_fs(address)
    local = tmp_path / "export"
    exported(home, local)
    assert {path.removeprefix(f"{root}/") for path in store.find(root)} == files(local).keys()
    again = export_now(home.registry, settings, None, [])
    assert (again.written, again.unchanged, again.cleared) == ([], 2, 0)
    assert list(settings.paths.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "options", "said"),
    [
        ("", "", "where to"),
        ("nowhere://bucket", "", "is no place"),
        ("gs://bucket/x", "", "is not installed"),
        ("memory://bucket", '{"key": "sesame', "is no place"),
    ],
)
def test_a_place_that_is_none_is_refused_in_words(home: Place, address: str, options: str, said: str) -> None:
    settings = load_settings(home=home.settings.home, export_url=address, export_options=options)
    with pytest.raises(ExportError, match=said) as refused:
        export_now(home.registry, settings, None, [])
    assert "sesame" not in str(refused.value)


def test_the_command_says_what_was_written(home: Place, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert "2 districts written, 0 unchanged" in shell.subgroups("export", "export").err
    shell.subgroups("export").refuses("SUBGROUPS_EXPORT_URL")
