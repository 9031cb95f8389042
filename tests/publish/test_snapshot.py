"""A snapshot never changes, is swapped in whole or not at all, and a kill at any point is mended by the next publish."""

from __future__ import annotations

import json

import duckdb
import pytest

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.current import show_newest
from subgroup_pipeline.publish.manifest import read_manifest
from subgroup_pipeline.publish.snapshot import mend_ledger
from tests.publish.publishing import hashes, publish, publish_anew, say_something_new, working_file_kept, write
from tests.support.installation import Installation
from tests.support.wrapped import killed

pytestmark = pytest.mark.xdist_group("publish")


def test_the_manifest_says_what_the_snapshot_holds(built: Installation) -> None:
    directory = publish_anew(built)
    manifest = json.loads((directory / "manifest.json").read_text())
    assert manifest["snapshot"] == directory.name
    assert manifest["run_id"] == "test"
    assert manifest["created_at"].endswith("Z")
    assert manifest["files"] == {name: hashes(directory)[name] for name in ("analytics.duckdb", "shareable.duckdb")}
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
    directory = publish_anew(built)
    before = hashes(directory)
    for _ in range(2):
        publish_anew(built)
    assert hashes(directory) == before
    assert {"analytics.duckdb", "manifest.json"} <= set(before)


def test_current_is_a_relative_link_and_the_file_leads_through_it(built: Installation) -> None:
    directory = publish_anew(built)
    paths = built.settings.paths
    assert str(paths.current_snapshot.readlink()) == directory.name
    assert str(paths.published_database.readlink()) == "current/analytics.duckdb"
    assert paths.published_database.resolve() == (directory / "analytics.duckdb").resolve()


def test_nobody_else_on_the_machine_can_read_it(built: Installation) -> None:
    directory = publish_anew(built)
    assert built.settings.paths.published.stat().st_mode & 0o077 == 0
    assert directory.stat().st_mode & 0o077 == 0


def test_nothing_new_makes_no_snapshot(built: Installation) -> None:
    directory = publish_anew(built)
    again = publish(built)
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
    directory = publish_anew(built)
    before = built.ask("from marts.rpt_district_subgroup order by all")
    with working_file_kept(built):
        write(built, tampering)
        say_something_new(built)
        with pytest.raises(PublishError, match="Nothing was published"):
            publish(built)
        assert built.settings.paths.current_snapshot.resolve() == directory.resolve()
        assert built.ask("from marts.rpt_district_subgroup order by all") == before
        assert not list(built.settings.paths.published.glob(".*.building"))
        assert {delivery["state"] for delivery in built.deliveries()} == {"published"}
    assert publish(built).is_new


def test_a_dirty_district_keeps_its_rows_of_the_snapshot_before(built: Installation) -> None:
    publish_anew(built)
    before = read_manifest(built.settings)
    assert before is not None
    with working_file_kept(built):
        write(built, "update control.build set build_key = '' where district_id = 'beta'")
        tables = [table for table in before.tables if table.startswith("rpt_")]
        for table in tables:
            write(built, f"delete from analytics.marts.{table} where district_id = 'beta'")
        write(built, "update analytics.marts.dim_student set given_name = 'New' where district_id in ('alpha', 'beta')")
        write(built, "delete from analytics.marts.dim_student where district_id = 'beta' and student_number like '%1'")
        shown = [*(f"marts.{table}" for table in before.tables), "quality.reconciliation"]
        old = {table: built.ask(f"from {table} where district_id = 'beta' order by all") for table in shown}
        publish_anew(built)
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
    with working_file_kept(built):
        write(built, "update control.build set build_key = '' where district_id = 'gamma'")
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
                "files": hashes(current.resolve()),
            }
        )
        (current / "manifest.json").write_text(without.sealed().model_dump_json())
        publish_anew(built)
        assert built.ask("select district_id from marts.dim_district order by 1") == [("alpha",), ("beta",)]
        assert built.ask("select count(*) from marts.rpt_school_subgroup where district_id = 'gamma'") == [(0,)]
        database.write_bytes(kept[0])
        (database.parent / "manifest.json").write_text(kept[1])
    publish_anew(built)
    assert len(built.ask("from marts.dim_district")) == 3


def test_a_kill_between_swap_and_ledger_is_mended(built: Installation) -> None:
    _set_states(built, "accepted")
    say_something_new(built)
    with killed(mend_ledger):
        publish(built)
    assert {delivery["state"] for delivery in built.deliveries()} == {"accepted"}
    mend_ledger(built.registry, built.settings)
    assert {delivery["state"] for delivery in built.deliveries()} == {"published"}
    assert built.ask("select distinct state from quality.delivery") == [("published",)]


def _set_states(installation: Installation, state: str) -> None:
    from subgroup_pipeline.registry.schema import Delivery

    with installation.registry.begin() as session:
        session.query(Delivery).update({"state": state})


def test_a_kill_before_the_swap_leaves_readers_on_the_old_one(built: Installation) -> None:
    before = publish_anew(built)
    say_something_new(built)
    with killed(show_newest):
        publish(built)
    assert built.settings.paths.current_snapshot.resolve() == before.resolve()
    assert len(built.ask("from marts.dim_district")) == 3
    after = publish(built).manifest.snapshot
    assert built.settings.paths.current_snapshot.resolve().name == after != before.name
    assert {delivery["state"] for delivery in built.deliveries()} == {"published"}
