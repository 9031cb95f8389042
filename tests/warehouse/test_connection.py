"""The warehouse: one writer, and the statements that put rows in and take them out."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.errors import WarehouseBusyError
from subgroup_pipeline.warehouse.connection import open_warehouse, warehouse_lock
from subgroup_pipeline.warehouse.control import write_report_settings, write_subgroup_settings
from subgroup_pipeline.warehouse.control_tables import JUDGE_AGAIN, RUN_DELIVERY
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.oneroster import NEVER_LANDED, roster_tables
from subgroup_pipeline.warehouse.raw_tables import LINEAGE
from subgroup_pipeline.warehouse.rows import insert_rows, replace_ids
from subgroup_pipeline.warehouse.schema import warehouse_tables
from tests.support.place import Place
from tests.support.wrapped import wrapped


def test_a_second_run_is_told_which_process_holds_the_warehouse(place: Place) -> None:
    with (
        warehouse_lock(place.settings),
        pytest.raises(WarehouseBusyError, match=rf"process {os.getpid()}.*--wait"),
        warehouse_lock(place.settings),
    ):
        pass


def test_a_run_that_waits_goes_on_when_the_other_ends(place: Place) -> None:
    order: list[str] = []
    held, waits = threading.Event(), threading.Event()

    def first() -> None:
        with warehouse_lock(place.settings):
            held.set()
            assert waits.wait(10)
            order.append("first")

    def watched(flock: Callable[..., None], args: tuple[Any, ...], _: Mapping[str, Any]) -> None:
        try:
            flock(*args)
        except BlockingIOError:
            waits.set()
            raise

    other = threading.Thread(target=first)
    other.start()
    assert held.wait(10)
    with wrapped(fcntl.flock, watched), warehouse_lock(place.settings, wait=True):
        order.append("second")
    other.join()
    assert order == ["first", "second"]


def test_a_killed_process_leaves_no_lock(place: Place) -> None:
    code = (
        "import sys; from subgroup_pipeline.settings import load_settings;"
        "from subgroup_pipeline.warehouse.connection import warehouse_lock;"
        "lock = warehouse_lock(load_settings(home=sys.argv[1])); lock.__enter__(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(place.settings.paths.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(WarehouseBusyError, match=f"process {process.pid}"), warehouse_lock(place.settings):
            pass
        process.kill()
        process.wait()
    with warehouse_lock(place.settings):
        pass


def test_every_roster_table_has_lineage_and_its_columns_as_text(place: Place) -> None:
    columns = place.ask(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = 'warehouse' and schema_name = 'raw'"
    )
    for table in roster_tables().values():
        found = {name: kind for of, name, kind in columns if of == table.name}
        assert set(found) == {*LINEAGE, *table.landed_columns, "metadata"}
        assert {found[column] for column in table.landed_columns} == {"VARCHAR"}
        assert not NEVER_LANDED & set(found)


def test_opening_again_keeps_what_is_there(place: Place) -> None:
    with open_warehouse(place.settings) as connection:
        replace_ids(connection, JUDGE_AGAIN, [], ["a", "b"])
    with open_warehouse(place.settings) as connection:
        replace_ids(connection, JUDGE_AGAIN, ["a"], ["c"])
    assert place.ask("select delivery_id from control.judge_again order by all") == [("b",), ("c",)]


def test_a_table_of_an_earlier_release_gets_the_columns_that_it_lacks(place: Place) -> None:
    with open_files(place.settings, write={"old": place.settings.paths.raw_database}) as connection:
        connection.execute(
            "create schema old.control;"
            "create table old.control.landed_delivery as select 'a' as delivery_id, 1 as settings_version;"
            "create table old.control.check_family (family varchar)"
        )
    with open_warehouse(place.settings) as connection:
        assert connection.execute("from control.landed_delivery").fetchall() == [("a", 1, None)]
        made = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
        ).fetchall()
        assert {name for (name,) in made} == {*map(str, warehouse_tables()), "control.table_version"}


def test_a_required_column_takes_no_null(place: Place) -> None:
    with open_warehouse(place.settings) as connection, pytest.raises(duckdb.ConstraintException, match="feed"):
        insert_rows(connection, RUN_DELIVERY, [{"district_id": "d", "delivery_id": "a"}])


@pytest.mark.parametrize("text", ["it's", 'say "hi"', "two\nlines", "é 名", "\\n", "", "a" * 100_000, "{}", "null"])
def test_any_text_goes_in_as_it_is(place: Place, text: str) -> None:
    with open_warehouse(place.settings) as connection:
        insert_rows(connection, JUDGE_AGAIN, [{"delivery_id": text}])
    assert place.ask("select delivery_id from control.judge_again") == [(text,)]


def test_a_column_that_the_table_does_not_have_is_refused(place: Place) -> None:
    with open_warehouse(place.settings) as connection, pytest.raises(KeyError, match="has no column delivery"):
        insert_rows(connection, JUDGE_AGAIN, [{"delivery": "d1"}])


def test_the_settings_of_subgroups_are_replaced_by_the_newest(place: Place) -> None:
    for spelled in ("    sped:", "    Special-Ed :"):
        place.add(**({"    sped:": spelled} if spelled != "    sped:" else {}))
        with open_warehouse(place.settings) as connection:
            write_subgroup_settings(connection, registered_districts(place.registry))
    assert place.ask("select subgroup, source_column, blank_value, display_order from control.subgroup_column order by all") == [
        ("english_learner", "ell", "not_reported", 1),
        ("students_with_disabilities", "special_ed", "no", 2),
    ]
    assert place.ask("select raw_key, value from control.subgroup_value where subgroup = 'english_learner' order by all") == [
        ("n", "no"),
        ("y", "yes"),
    ]


def test_what_is_reported_is_replaced_by_the_newest_settings(place: Place) -> None:
    meals = "blank: no, sensitivity: nsla"
    for reports in ("", "reports: {bands: {below: 0, met: 75.5}, pairs: [], nsla_student_level: true}\n"):
        place.add(**{"blank: no": meals, "guards:": f"{reports}guards:"})
        with open_warehouse(place.settings) as connection:
            write_subgroup_settings(connection, registered_districts(place.registry))
            write_report_settings(connection, registered_districts(place.registry))
            shown = connection.execute("select subgroup, is_on_student_pages, essa_group from control.subgroup_column").fetchall()
            bands = connection.execute("select band, band_order, band_floor from control.report_band order by 2").fetchall()
            pairs = connection.execute("select subgroup, with_subgroup from control.report_pair").fetchall()
        assert sorted(shown) == [
            ("english_learner", True, "english_learner"),
            ("students_with_disabilities", bool(reports), "students_with_disabilities"),
        ]
        assert bands == ([("below", 1, 0), ("met", 2, 75.5)] if reports else [])
        assert pairs == ([] if reports else [("english_learner", "students_with_disabilities")])


def test_a_warehouse_of_an_earlier_release_is_written_on_in_the_newer_form(place: Place) -> None:
    path = place.settings.paths.raw_database
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_files(place.settings, write={"warehouse": path}) as older:
        older.execute("create schema warehouse.raw; create table warehouse.raw.kept as select 'a' as word")
    with open_warehouse(place.settings):
        pass
    with open_files(place.settings, read={"warehouse": path}) as connection:
        form = connection.execute("select tags['storage_version'] from duckdb_databases() where database_name = 'warehouse'")
        assert form.fetchall() == [("v1.4.0+",)]
        assert connection.execute("select word from warehouse.raw.kept").fetchall() == [("a",)]
