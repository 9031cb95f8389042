"""A snapshot never changes, is swapped in whole or not at all, and a kill at any point is mended by the next publish."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.publish.comments import published_tables
from subgroup_pipeline.publish.compaction import compact_working_file
from subgroup_pipeline.publish.current import show_newest
from subgroup_pipeline.publish.manifest import read_manifest
from subgroup_pipeline.publish.reader import open_published
from subgroup_pipeline.publish.snapshot import Published, mend_ledger, publish_snapshot
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support.installation import Installation
from tests.support.wrapped import killed

pytestmark = pytest.mark.xdist_group("publish")

_numbers = count(1)


def _say_something_new(installation: Installation) -> None:
    """Make the schema `quality` differ, so that the next publish makes a snapshot."""
    (delivery, *_) = installation.deliveries("alpha", "roster")
    finding = Finding("PKG005", file=f"notes_{next(_numbers)}.txt")
    with installation.registry.begin() as session:
        store_findings(session, "landing", "alpha", delivery["delivery_id"], [finding])


def _publish(installation: Installation) -> Published:
    published = publish_snapshot(installation.registry, installation.settings, run_id="test")
    assert published is not None
    return published


def _publish_anew(installation: Installation) -> Path:
    """Publish a new snapshot; gives its directory."""
    _say_something_new(installation)
    published = _publish(installation)
    assert published.is_new
    return installation.settings.paths.published / published.manifest.snapshot


def _write(installation: Installation, statement: str) -> None:
    with open_warehouse(installation.settings) as connection:
        connection.execute(statement)


@contextmanager
def _working_file_kept(installation: Installation) -> Iterator[None]:
    """Put the working file and the build keys back as they were."""
    path = installation.settings.paths.analytics_database
    kept = path.read_bytes()
    with open_warehouse(installation.settings) as connection:
        keys = connection.execute("from control.build").fetchall()
    try:
        yield
    finally:
        path.write_bytes(kept)
        with open_warehouse(installation.settings) as connection:
            connection.execute("delete from control.build")
            connection.executemany("insert into control.build values (?, ?)", keys)


def _hashes(directory: Path) -> dict[str, str]:
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _snapshots(installation: Installation) -> list[str]:
    published = installation.settings.paths.published
    return sorted(path.name for path in published.iterdir() if path.is_dir() and not path.is_symlink())


def test_the_manifest_says_what_the_snapshot_holds(built: Installation) -> None:
    directory = _publish_anew(built)
    manifest = json.loads((directory / "manifest.json").read_text())
    assert manifest["snapshot"] == directory.name
    assert manifest["run_id"] == "test"
    assert manifest["created_at"].endswith("Z")
    assert manifest["files"] == {name: sha256 for name, sha256 in _hashes(directory).items() if name != "manifest.json"}
    assert {district: one["student_count"] for district, one in manifest["districts"].items()} == {
        "alpha": 10,
        "beta": 11,
        "gamma": 12,
    }
    for district, one in manifest["districts"].items():
        roster, subgroups = built.deliveries(district)
        assert (one["roster_delivery_id"], one["subgroup_delivery_id"]) == (roster["delivery_id"], subgroups["delivery_id"])
        assert one["as_of_date"] == "2026-10-01"
        assert one["build_key"]
    for table, rows in manifest["tables"].items():
        assert built.ask(f"select count(*) from marts.{table}") == [(rows,)]
    assert manifest["contract_version"] == built.ask("select max(contract_version) from marts.dim_district")[0][0]
    assert set(manifest["tables"]) >= {"dim_district", "dim_student", "fct_student_subgroup", "rpt_course_subgroup"}


def test_a_snapshot_never_changes(built: Installation) -> None:
    directory = _publish_anew(built)
    before = _hashes(directory)
    for _ in range(2):
        _publish_anew(built)
    assert _hashes(directory) == before
    assert {"analytics.duckdb", "manifest.json"} <= set(before)


def test_current_is_a_relative_link_and_the_file_leads_through_it(built: Installation) -> None:
    directory = _publish_anew(built)
    paths = built.settings.paths
    assert str(paths.current_snapshot.readlink()) == directory.name
    assert str(paths.published_database.readlink()) == "current/analytics.duckdb"
    assert paths.published_database.resolve() == (directory / "analytics.duckdb").resolve()


def test_nobody_else_on_the_machine_can_read_it(built: Installation) -> None:
    directory = _publish_anew(built)
    assert built.settings.paths.published.stat().st_mode & 0o077 == 0
    assert directory.stat().st_mode & 0o077 == 0


def test_nothing_new_makes_no_snapshot(built: Installation) -> None:
    directory = _publish_anew(built)
    again = _publish(built)
    assert not again.is_new
    assert again.manifest.snapshot == directory.name


@pytest.mark.parametrize(
    "tampering",
    [
        "update analytics.marts.rpt_district_subgroup set student_count = student_count + 1 where district_id = 'beta'",
        "delete from analytics.marts.dim_district where district_id = 'beta'",
        "delete from analytics.marts.rpt_district_subgroup where district_id = 'beta'",
    ],
)
def test_a_file_that_does_not_verify_leaves_readers_on_the_old_one(built: Installation, tampering: str) -> None:
    directory = _publish_anew(built)
    before = built.ask("from marts.rpt_district_subgroup order by all")
    with _working_file_kept(built):
        _write(built, tampering)
        _say_something_new(built)
        with pytest.raises(PublishError, match="Nothing was published"):
            _publish(built)
        assert built.settings.paths.current_snapshot.resolve() == directory.resolve()
        assert built.ask("from marts.rpt_district_subgroup order by all") == before
        assert not list(built.settings.paths.published.glob(".*.building"))
        assert {delivery["state"] for delivery in built.deliveries()} == {"published"}
    assert _publish(built).is_new


def test_a_dirty_district_keeps_its_rows_of_the_snapshot_before(built: Installation) -> None:
    _publish_anew(built)
    before = read_manifest(built.settings)
    assert before is not None
    with _working_file_kept(built):
        _write(built, "update control.build set build_key = '' where district_id = 'beta'")
        tables = [table for table in before.tables if table.startswith("rpt_")]
        for table in tables:
            _write(built, f"delete from analytics.marts.{table} where district_id = 'beta'")
        _write(built, "update analytics.marts.dim_student set given_name = 'New' where district_id in ('alpha', 'beta')")
        _write(built, "delete from analytics.marts.dim_student where district_id = 'beta' and student_number like '%1'")
        shown = [*(f"marts.{table}" for table in before.tables), "quality.reconciliation"]
        old = {table: built.ask(f"from {table} where district_id = 'beta' order by all") for table in shown}
        _publish_anew(built)
        for table, rows in old.items():
            assert built.ask(f"from {table} where district_id = 'beta' order by all") == rows, table
        assert built.ask("select distinct given_name from marts.dim_student where district_id = 'alpha'") == [("New",)]
        after = read_manifest(built.settings)
        assert after is not None
        assert after.districts["beta"] == before.districts["beta"]
        assert len(built.ask("from marts.rpt_student_subgroup where district_id = 'beta'")) == 11


def test_a_dirty_district_that_was_never_published_is_left_out(built: Installation) -> None:
    manifest = read_manifest(built.settings)
    assert manifest is not None
    with _working_file_kept(built):
        _write(built, "update control.build set build_key = '' where district_id = 'gamma'")
        current = built.settings.paths.current_snapshot
        database = current.resolve() / "analytics.duckdb"
        kept = database.read_bytes(), (current / "manifest.json").read_text()
        connection = duckdb.connect(str(database))
        for table in manifest.tables:
            connection.execute(f"delete from marts.{table} where district_id = 'gamma'")
        connection.close()
        without = manifest.model_copy(
            update={
                "districts": {k: v for k, v in manifest.districts.items() if k != "gamma"},
                "snapshot": current.resolve().name,
                "files": _hashes(current.resolve()),
            }
        )
        (current / "manifest.json").write_text(without.sealed().model_dump_json())
        _publish_anew(built)
        assert built.ask("select district_id from marts.dim_district order by 1") == [("alpha",), ("beta",)]
        assert built.ask("select count(*) from marts.rpt_school_subgroup where district_id = 'gamma'") == [(0,)]
        database.write_bytes(kept[0])
        (database.parent / "manifest.json").write_text(kept[1])
    _publish_anew(built)
    assert len(built.ask("from marts.dim_district")) == 3


def test_a_kill_between_swap_and_ledger_is_mended(built: Installation) -> None:
    _set_states(built, "accepted")
    _say_something_new(built)
    with killed(mend_ledger):
        _publish(built)
    assert {delivery["state"] for delivery in built.deliveries()} == {"accepted"}
    mend_ledger(built.registry, built.settings)
    assert {delivery["state"] for delivery in built.deliveries()} == {"published"}
    assert built.ask("select distinct state from quality.delivery") == [("published",)]


def _set_states(installation: Installation, state: str) -> None:
    from subgroup_pipeline.registry.schema import Delivery

    with installation.registry.begin() as session:
        session.query(Delivery).update({"state": state})


def test_a_kill_before_the_swap_leaves_readers_on_the_old_one(built: Installation) -> None:
    before = _publish_anew(built)
    _say_something_new(built)
    with killed(show_newest):
        _publish(built)
    assert built.settings.paths.current_snapshot.resolve() == before.resolve()
    assert len(built.ask("from marts.dim_district")) == 3
    after = _publish(built).manifest.snapshot
    assert built.settings.paths.current_snapshot.resolve().name == after != before.name
    assert {delivery["state"] for delivery in built.deliveries()} == {"published"}


def test_five_readers_read_through_several_publishes_without_an_error(built: Installation) -> None:
    stop = threading.Event()
    errors: list[Exception] = []
    reads = [0] * 5

    def read(number: int) -> None:
        while not stop.is_set():
            try:
                with open_published(built.settings) as connection:
                    for _ in range(3):
                        found = connection.execute("select count(*), sum(student_count) from marts.dim_district").fetchall()
                        assert found == [(3, 33)]
                reads[number] += 1
            except Exception as error:  # noqa: BLE001 - whatever a reader meets
                errors.append(error)
                return

    readers = [threading.Thread(target=read, args=(number,)) for number in range(5)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(4):
            _publish_anew(built)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert errors == []
    assert min(reads) > 1


def test_an_analyst_opens_the_file_plainly_while_publishes_go_on(built: Installation) -> None:
    """As any tool does: `duckdb.connect(path, read_only=True)` in a process of its own, through the link."""
    program = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(connection.execute('select sum(student_count) from marts.dim_district').fetchone()[0], flush=True)\n"
        "sys.stdin.readline()\n"
        "query = \"select count(*) from marts.rpt_student_subgroup where subgroups['english_learner'] = 'yes'\"\n"
        "print(connection.execute(query).fetchone()[0], flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(built.settings.paths.published_database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "33\n"
        for _ in range(4):
            _publish_anew(built)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "12\n"
    assert reader.returncode == 0


def test_it_holds_the_tables_of_the_dictionary_and_nothing_else(built: Installation) -> None:
    _publish_anew(built)
    tables = [(table.schema, table.name) for table in published_tables()]
    found = built.ask("select table_schema, table_name from information_schema.tables")
    assert sorted(found) == sorted([*tables, *(("main", name) for _, name in tables)])
    assert {name for schema, name in tables if schema == "quality"} == {"delivery", "finding", "reconciliation"}


def test_any_tool_shows_the_tables_and_what_they_mean(built: Installation, tmp_path: Path) -> None:
    """After the weekly rewrite too, and in a copy that is attached under another name."""
    compact_working_file(built.settings)
    copy = tmp_path / "of_tonight.duckdb"
    copy.write_bytes((_publish_anew(built) / "analytics.duckdb").read_bytes())
    meanings: dict[tuple[str, str | None], str] = {(table.name, None): table.meaning for table in published_tables()}
    meanings |= {(table.name, name): c.meaning for table in published_tables() for name, c in table.columns.items()}
    types = {(table.name, name): c.type.lower() for table in published_tables() for name, c in table.columns.items()}
    columns = "select table_name, column_name, {} from duckdb_columns() where schema_name {} 'main' and not internal"
    tables = "select {0}_name, null, comment from duckdb_{0}s() where schema_name {1} 'main' and not internal"
    with duckdb.connect(str(copy), read_only=True) as plain:
        assert [row[0] for row in plain.execute("show tables").fetchall()] == sorted(table.name for table in published_tables())
        assert plain.execute("select sum(student_count) from dim_district").fetchone() == (33,)
        for schema in ("=", "<>"):
            said = [columns.format("comment", schema), tables.format("view", schema), tables.format("table", schema)]
            assert {(*row[:2],): row[2] for row in plain.execute(" union all ".join(said)).fetchall()} == meanings
            found = plain.execute(columns.format("lower(data_type)", schema)).fetchall()
            assert {(table, column): kind for table, column, kind in found} == types
    with duckdb.connect() as other:
        other.execute(f"attach '{copy}' as elsewhere (read_only)")
        assert other.execute("select count(*) from elsewhere.rpt_student_subgroup").fetchone() == (33,)
        other.execute("use elsewhere")
        assert other.execute("select count(*) from delivery where state = 'published'").fetchone() == (6,)


@pytest.mark.parametrize(
    "statement",
    [
        "attach '{elsewhere}/raw.duckdb'",
        "copy marts.dim_student to '{elsewhere}/students.csv'",
        "from read_csv('/etc/passwd')",
        "from read_text('/etc/passwd')",
        "from '{elsewhere}/x.parquet'",
        "export database '{elsewhere}/all'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "set lock_configuration = false",
        "pragma database_list; attach ':memory:' as x; copy (select 1) to '{elsewhere}/y.csv'",
        "delete from marts.dim_student",
        "create table marts.mine as select 1",
    ],
)
def test_a_reader_cannot_leave_the_file(built: Installation, tmp_path: Path, statement: str) -> None:
    with open_published(built.settings) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(elsewhere=tmp_path)).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_before_the_first_publish_a_reader_is_told_so(tmp_path: Path) -> None:
    from subgroup_pipeline.settings import load_settings

    settings = load_settings(home=tmp_path)
    with pytest.raises(PublishError, match="nothing is published"), open_published(settings):
        pass
