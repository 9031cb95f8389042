"""Thirty and more districts, each broken in its own way, in one run: the right verdict for each, and nothing crosses.

A new breakage is one line in `breakages.BREAKAGES`. Every student's id, login and name hold the mark of the district
(`zq07zq`), so whatever of a student is found in a place that is not the district's own says whose it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.intake.fetch import fetch_deliveries
from subgroup_pipeline.orchestration.instance import open_instance
from subgroup_pipeline.publish.district_reader import open_district
from tests.night.breakages import (
    CHECKING,
    DISTRICTS,
    PUBLISHED,
    REFUSED,
    STUDENTS,
    broken,
    mark_of,
    marked,
    roster,
)
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of

pytestmark = pytest.mark.slow


Marts = dict[str, dict[str, list[tuple[Any, ...]]]]
"""Rows by district and table."""


MARK = re.compile(rb"zq[0-9]{2}zq")


@dataclass
class Nights:
    """The installation after both nights, the marts after each, and the second run."""

    installation: Installation
    before: Marts
    after: Marts
    run_id: str


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    with installation_in(tmp_path_factory.mktemp("isolation") / "home") as installation:
        for district, breakage in DISTRICTS.items():
            installation.apply(small.settings(district, **breakage.settings))
            if breakage.again:
                installation.drop(district, breakage.feed, broken(district))
        fetch_deliveries(installation.registry, installation.settings, registered_districts(installation.registry))
        for district in PUBLISHED:
            installation.drop(district, "roster", {"roster.zip": zip_of(roster(district))})
            installation.drop(district, "subgroups", {"s.csv": marked(small.subgroups(STUDENTS), district)})
        installation.night()
        before = _marts(installation)
        for district, breakage in DISTRICTS.items():
            installation.drop(district, breakage.feed, broken(district))
        for district in CHECKING:
            make_home(installation.settings.paths.sftp, district)
            folder = installation.settings.paths.sftp / district / "check"
            (folder / "s.csv").write_text(marked(small.subgroups(STUDENTS), district).replace(",Y,", ",maybe,"))
        run_id = installation.night().run_id
        yield Nights(installation, before, _marts(installation), run_id)


def _marts(installation: Installation) -> Marts:
    """Every cell of every mart."""
    found: Marts = {district: {} for district in DISTRICTS}
    for (table,) in installation.ask("select table_name from information_schema.tables where table_schema = 'marts'"):
        for row in installation.ask(f"select district_id, t from marts.{table} t order by all"):
            found[row[0]].setdefault(table, []).append(row)
    return found


def test_there_are_thirty_at_least() -> None:
    assert len(DISTRICTS) >= 30


@pytest.mark.parametrize("district", DISTRICTS)
def test_each_is_told_what_is_wrong_with_its_own_file(nights: Nights, district: str) -> None:
    breakage = DISTRICTS[district]
    delivery = nights.installation.deliveries(district, breakage.feed)[-1]
    assert breakage.code in {finding["code"] for finding in delivery["findings"]}, delivery["findings"]
    assert delivery["verdict"] == breakage.verdict, delivery["findings"]
    assert delivery["state"] == (breakage.verdict if breakage.verdict in ("held", "rejected") else "published")


@pytest.mark.parametrize("district", REFUSED)
def test_the_last_good_marts_are_the_same_cell_by_cell(nights: Nights, district: str) -> None:
    before = nights.before[district]
    assert len(before["dim_student"]) == STUDENTS
    assert nights.after[district] == before


@pytest.mark.parametrize("district", [district for district in DISTRICTS if district not in REFUSED])
def test_what_is_good_of_the_others_is_published(nights: Nights, district: str) -> None:
    marts = nights.after[district]
    if DISTRICTS[district].first:
        assert marts == {}
    else:
        assert len(marts["dim_student"]) == STUDENTS
        assert marts != nights.before[district]


def _marks_in(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> set[tuple[str, str]]:
    """Districts of a table's rows, with the marks that stand anywhere in them."""
    query = f"select distinct district_id, unnest(regexp_extract_all(t::varchar, 'zq[0-9]{{2}}zq')) from {schema}.{table} t"
    return {(row[0], row[1]) for row in connection.execute(query).fetchall()}


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of all tables and views that hold districts' rows."""
    query = (
        "select table_schema, table_name from information_schema.columns where column_name = 'district_id' "
        "and table_schema <> 'information_schema' order by all"
    )
    return [(row[0], row[1]) for row in connection.execute(query).fetchall()]


def test_no_row_of_the_marts_names_a_student_of_another_district(nights: Nights) -> None:
    with duckdb.connect(str(nights.installation.settings.paths.published_database), read_only=True) as connection:
        tables = _tables(connection)
        for schema, table in tables:
            found = _marks_in(connection, schema, table)
            if schema == "quality":
                assert found == set(), table
            assert {mark for district, mark in found if mark != mark_of(district)} == set(), table
        assert _marks_in(connection, "marts", "dim_student") == {(district, mark_of(district)) for district in PUBLISHED}
    assert {schema for schema, _ in tables} >= {"marts", "quality"}


def test_no_raw_row_names_a_student_of_another_district(nights: Nights) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{nights.installation.settings.paths.raw_database}' as warehouse (read_only)")
        connection.execute("use warehouse")
        for schema, table in _tables(connection):
            if schema == "raw":
                found = _marks_in(connection, schema, table)
                assert {mark for district, mark in found if mark != mark_of(district)} == set(), table
        assert len(_marks_in(connection, "raw", "users")) >= len(PUBLISHED)


def test_a_district_s_own_files_hold_nobody_else(nights: Nights) -> None:
    for table in sorted((nights.installation.settings.paths.current_snapshot / "lake").iterdir()):
        assert sorted(folder.name for folder in table.iterdir()) == [f"district_id={one}" for one in PUBLISHED]
    for district_id in PUBLISHED:
        with open_district(nights.installation.settings, district_id) as connection:
            for schema, table_name in _tables(connection):
                assert _marks_in(connection, schema, table_name) <= {(district_id, mark_of(district_id))}, table_name


def _marks_of_files(root: Path) -> dict[str, set[str]]:
    """The marks that stand in files, by their path; files without one are left out."""
    found = {str(path.relative_to(root)): set(MARK.findall(path.read_bytes())) for path in root.rglob("*") if path.is_file()}
    return {path: {mark.decode() for mark in marks} for path, marks in found.items() if marks}


@pytest.mark.parametrize("place", ["logs", "dagster", "gx", "dbt", "scratch", "rehearsals", "keys"])
def test_no_student_stands_in_logs_events_or_check_results(nights: Nights, place: str) -> None:
    assert _marks_of_files(nights.installation.settings.paths.root / place) == {}


def test_no_student_stands_in_the_registry(nights: Nights) -> None:
    found = [
        path.name for path in nights.installation.settings.paths.root.glob("registry.sqlite*") if MARK.search(path.read_bytes())
    ]
    assert found == []
    assert MARK.findall(json.dumps(nights.installation.deliveries()).encode()) == []


def test_no_student_stands_in_the_events_of_the_run(nights: Nights) -> None:
    with open_instance(nights.installation.settings) as instance:
        said = "\n".join(dg.serialize_value(record) for record in instance.all_logs(nights.run_id)).encode()
    assert all(kind in said for kind in (b"ASSET_MATERIALIZATION", b"ASSET_CHECK_EVALUATION", b"STEP_SUCCESS"))
    assert MARK.findall(said) == []


def test_reports_go_to_the_district_alone_and_speak_of_its_students_alone(nights: Nights) -> None:
    sftp = nights.installation.settings.paths.sftp
    outboxes = {path.parents[2].name for path in sftp.glob("*/outbox/checks/check_*")}
    assert outboxes == set(CHECKING)
    for path, marks in _marks_of_files(sftp).items():
        assert marks == {mark_of(path.split("/")[0])}, path
    assert list(sftp.glob("*/check/*")) == []


def test_what_was_checked_was_not_delivered(nights: Nights) -> None:
    for district in CHECKING:
        assert len(nights.installation.deliveries(district, "subgroups")) == 1
