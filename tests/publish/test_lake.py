"""The lake of a snapshot: every published table as files that any tool reads, and what did not change is the same file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.publish import lake
from subgroup_pipeline.publish.comments import published_tables
from subgroup_pipeline.publish.manifest import read_manifest
from tests.publish.conftest import DISTRICTS
from tests.publish.publishing import publish, publish_anew
from tests.support.installation import Installation
from tests.torture.invariants import _not_whole

pytestmark = pytest.mark.xdist_group("publish")


def _files(snapshot: Path) -> dict[str, Path]:
    return {path.relative_to(snapshot).as_posix(): path for path in (snapshot / "lake").rglob("*") if path.is_file()}


def test_it_has_one_file_per_table_and_district(built: Installation) -> None:
    snapshot = publish_anew(built)
    tables = [table.name for table in published_tables()]
    assert _files(snapshot).keys() == {f"lake/{table}/district_id={one}/data.parquet" for table in tables for one in DISTRICTS}
    assert _not_whole(snapshot) == [], "the rows of each table are those of the staff file"


def test_it_has_the_types_of_the_published_tables(built: Installation) -> None:
    snapshot = publish_anew(built)
    with duckdb.connect() as connection:
        for table in published_tables():
            files = snapshot / "lake" / table.name / "*" / "*.parquet"
            columns = connection.execute(
                f"describe from read_parquet('{files}', hive_types = {{'district_id': varchar}})"
            ).fetchall()
            types = {name: column.type.upper() for name, column in table.columns.items()}
            assert {row[0]: row[1] for row in columns} == types, table.name


def test_a_district_that_did_not_change_is_the_same_files(built: Installation) -> None:
    before, after = publish_anew(built), publish_anew(built)
    ours, theirs = _files(before), _files(after)
    for name, path in theirs.items():
        is_same = path.stat().st_ino == ours[name].stat().st_ino
        assert is_same is ("district_id=alpha" not in name), "only alpha has a new finding"


def test_the_manifest_has_a_hash_per_district(built: Installation) -> None:
    snapshot = publish_anew(built)
    manifest = read_manifest(built.settings)
    assert manifest is not None
    assert manifest.lake == {district_id: lake.district_hash(snapshot, district_id) for district_id in DISTRICTS}
    for name, path in _files(snapshot).items():
        if "=beta" in name:
            kept = path.rename(path.with_name("other"))
            assert lake.district_hash(snapshot, "beta") != manifest.lake["beta"], name
            kept.rename(path)


def test_many_districts_are_written_some_at_a_time(built: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = publish_anew(built)
    monkeypatch.setattr(lake, "AT_A_TIME", 2)
    monkeypatch.setattr(lake, "_link_unchanged", lambda *_: {})
    snapshot = publish_anew(built)
    assert _files(snapshot).keys() == _files(whole).keys()
    assert _not_whole(snapshot) == []


def test_districts_without_rows_of_a_table_share_a_file(built: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake, "_link_unchanged", lambda *_: {})
    snapshot = publish_anew(built)
    with duckdb.connect(str(snapshot / "analytics.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.fct_result").fetchone() == (0,)
    shared = {lake.file_of(snapshot, "fct_result", one).stat().st_ino for one in DISTRICTS}
    assert len(shared) == 1


def test_a_snapshot_without_a_lake_is_followed_by_one_with_it(built: Installation) -> None:
    manifest = read_manifest(built.settings)
    assert manifest is not None
    path = built.settings.paths.published / manifest.snapshot / "manifest.json"
    path.write_text(manifest.model_copy(update={"lake": {}}).sealed().model_dump_json())
    assert publish(built).is_new
    assert not publish(built).is_new
