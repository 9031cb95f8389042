"""What surrounds the counts: no value leaves memory, GX never fails in silence, the warehouse is let go, suites are data."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from subgroup_pipeline.quality import expectations
from subgroup_pipeline.quality.check_session import ChecksNotRunError
from subgroup_pipeline.quality.expectations import (
    TYPE,
    ExpectationFileError,
    check_families,
    check_query,
    checks_of,
    row_rules,
    suite_names,
)
from subgroup_pipeline.settings import Settings, bundled
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control_tables import RUN_DELIVERY
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows
from tests.quality.conftest import Land, Rows, validate

SECRET = "Zyxwv"  # stands in every id, name and cell that is planted below


def _marked(rows: Rows) -> Rows:
    """Every cell carries the secret word, so every rule fails and any value that gets out is seen."""
    return {
        table: [
            {
                column: {key: f"{SECRET}{cell}" for key, cell in value.items()} if isinstance(value, dict) else f"{SECRET}{value}"
                for column, value in row.items()
            }
            for row in entries * 2
        ]
        for table, entries in rows.items()
    }


def test_no_value_gets_out(
    settings: Settings, land: Land, clean: Rows, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    land("r", _marked(clean))
    with caplog.at_level(logging.DEBUG):
        validation = validate(settings, RAW_TABLES, run_name="night/1")
    assert {key for failure in validation.failures for key in failure.keys}, "the keys are there, in memory"
    assert {failure.table for failure in validation.failures} == set(RAW_TABLES)

    files = [path for path in settings.paths.gx.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".json"}
    assert len([path for path in files if path.suffix == ".json"]) == len(RAW_TABLES)
    leaks = [path for path in files if SECRET.casefold() in path.read_text(errors="replace").casefold()]
    assert leaks == []
    printed = capfd.readouterr()
    for text in (printed.out, printed.err, caplog.text, repr(validation)):
        assert SECRET.casefold() not in text.casefold()


def test_data_docs_show_the_totals_of_every_stored_run(settings: Settings, land: Land, clean: Rows) -> None:
    land("r", clean | {"orgs": [*clean["orgs"], {"sourcedId": "", "type": "school"}]})
    for night in ("one", "two", "three-roster"):
        validate(settings, ["orgs"], run_name=night)
    validate(settings, ["subgroup_row"], run_name="three-subgroups")
    docs = settings.paths.gx / "data_docs"
    assert {path.name for path in docs.iterdir()} == {
        "index.html",
        "one.html",
        "two.html",
        "three-roster.html",
        "three-subgroups.html",
    }
    assert 'href="three-roster.html"' in (docs / "index.html").read_text()
    page = (docs / "three-roster.html").read_text()
    assert "No sourcedId stands twice" in page
    assert "failing rows: 1, in deliveries: 1" in page
    assert page.index(">failed<") < page.index(">passed<"), "what failed stands first"


def test_data_docs_load_nothing(settings: Settings, land: Land, clean: Rows) -> None:
    """A server with student data calls nobody, and the pages read the same without a network."""
    land("r", clean)
    (settings.paths.gx / "data_docs" / "static").mkdir(parents=True)  # as GX's own pages left it
    validate(settings, RAW_TABLES, run_name="night")
    pages = list((settings.paths.gx / "data_docs").rglob("*"))
    assert sorted(page.name for page in pages) == ["index.html", "night.html"]
    for page in pages:
        assert re.findall(r"https?:|//\w|<script|<link|<img|\bsrc=|@import|url\(", page.read_text()) == []


def test_the_warehouse_is_let_go_and_not_written(settings: Settings, land: Land, clean: Rows) -> None:
    land("r", clean)
    before = settings.paths.raw_database.read_bytes()
    validate(settings, ["orgs"], run_name="x")
    assert settings.paths.raw_database.read_bytes() == before
    with open_warehouse(settings) as connection:
        connection.execute("delete from raw.orgs")


def test_only_deliveries_of_the_run_are_looked_at(settings: Settings, land: Land, clean: Rows) -> None:
    land("old", _marked(clean))
    land("new", clean)
    with open_warehouse(settings) as connection:
        connection.execute("delete from control.run_delivery where delivery_id like 'old%'")
    validation = validate(settings, RAW_TABLES, run_name="x")
    assert validation.failures == []
    assert {delivery for _, delivery in validation.rows} == {"new", "new:sub"}


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the suites that a test may change."""
    folder = tmp_path / "expectations"
    shutil.copytree(bundled("expectations"), folder)
    monkeypatch.setattr(expectations, "bundled", lambda _: folder)
    return folder


def _add(folder: Path, table: str, query: str) -> None:
    (folder / "sql" / table / "added.sql").write_text(query)
    path = folder / f"{table}.json"
    suite = json.loads(path.read_text())
    meta = {"check": "added", "code": "NEW999", "column": "title", "what": "it is wrong"}
    kwargs = {"sql": f"{table}/added.sql"}
    suite["expectations"].append({"type": TYPE, "kwargs": kwargs, "description": "It is right", "meta": meta})
    path.write_text(json.dumps(suite))


def test_adding_a_check_takes_an_expectation_and_its_query(settings: Settings, land: Land, clean: Rows, suites: Path) -> None:
    """The query may call the macros of the models, and has every colon and brace of SQL."""
    _add(
        suites,
        "courses",
        "select delivery_id, count(*)::int as n, first_keys(sourcedId) as keys from {{ batch }} "
        "where regexp_matches(title, '^A.{6}$|(?:x)') and {{ row_counts('status') }} group by delivery_id",
    )
    land("r", clean)
    (failure,) = validate(settings, ["courses"], run_name="x").failures
    assert (failure.check, failure.code, failure.column, failure.count, failure.keys) == ("added", "NEW999", "title", 1, ("c1",))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select nothing from {{ batch }}", "Binder Error"),
        ("select cast(title as integer) from {{ batch }}", "Conversion Error"),
        ("select title from {{ batch }}", "must return delivery_id"),
        ("select {{ no_such_macro() }}", "no_such_macro"),
    ],
)
def test_what_cannot_be_judged_is_an_error_without_values(
    settings: Settings, land: Land, clean: Rows, suites: Path, query: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    _add(suites, "courses", query)
    land("r", clean | {"courses": [clean["courses"][0] | {"title": SECRET}]})
    with pytest.raises(ChecksNotRunError, match=words) as caught:
        validate(settings, ["courses"], run_name="x")
    message = str(caught.value)
    assert "courses" in message
    assert "added" in message
    assert SECRET not in message + caplog.text
    assert not list(settings.paths.gx.rglob("*.html"))
    with open_warehouse(settings) as connection:
        connection.execute("delete from raw.courses")


def test_a_code_that_meta_does_not_name_is_an_error(settings: Settings, land: Land, clean: Rows, suites: Path) -> None:
    _add(
        suites,
        "courses",
        "select delivery_id, 'X1' as code, count(*) as n, first_keys(sourcedId) as keys from {{ batch }} group by all",
    )
    land("r", clean)
    with pytest.raises(ChecksNotRunError, match="X1"):
        validate(settings, ["courses"], run_name="x")


def test_a_warehouse_that_is_not_there_is_an_error(settings: Settings) -> None:
    with pytest.raises(ChecksNotRunError, match="cannot be checked"):
        validate(settings, ["orgs"], run_name="x")


def test_every_raw_table_has_a_suite_whose_rules_fall_into_few_families() -> None:
    assert suite_names() == list(RAW_TABLES)
    families = {(check.table, check.family): check.codes for check in check_families()}
    assert families["users", "keys"] == ("KEY001", "KEY002", "KEY003", "KEY004")
    assert len(families) < sum(len(checks_of(table)) for table in suite_names())
    rules = {(table, rule.code) for table in suite_names() for check in checks_of(table) for rule in check.rules}
    assert {(table, code) for (table, _), codes in families.items() for code in codes} == rules


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda suite: suite["expectations"][0]["meta"].pop("code"), "'code'"),
        (lambda suite: suite["expectations"].append(suite["expectations"][0]), "two expectations"),
        (lambda suite: suite.update(name="other"), "must hold"),
        (lambda suite: suite["expectations"][0].update(type="expect_column_values_to_not_be_null"), "counts by delivery"),
        (lambda suite: suite["expectations"][0]["kwargs"].update(sql="orgs/none.sql"), "not in expectations/sql"),
        (lambda suite: suite["expectations"][0].update(kwargs={"column": "name"}), "'sql'"),
    ],
)
def test_a_malformed_suite_is_refused_in_words(suites: Path, change: Any, words: str) -> None:  # noqa: ANN401
    suite = json.loads((suites / "orgs.json").read_text())
    change(suite)
    (suites / "orgs.json").write_text(json.dumps(suite))
    with pytest.raises(ExpectationFileError, match=words):
        check_families()


def test_a_suite_of_no_table_is_refused(suites: Path) -> None:
    (suites / "grades.json").write_text("{}")
    with pytest.raises(ExpectationFileError, match="no raw table"):
        suite_names()


def test_rules_of_single_cells_are_no_queries_of_their_own() -> None:
    rules = row_rules(checks_of("users"))
    queries = {rule.name: check_query(rule.name, batch="checks.users", table="users") for rule in rules}
    assert queries == dict.fromkeys(
        ["roster/sourcedId_is_not_null.sql", "roster/rows_can_be_used.sql", "roster/sourcedId_is_a_guid.sql",
         "users/words_are_known.sql", "users/cells_are_complete.sql"], ""
    )  # fmt: skip
    assert ("VOC209 enabledUser", "enabledUser is null") in next(rule.faults for rule in rules if "words" in rule.name)
    (both,) = [rule for rule in row_rules(checks_of("enrollments")) if "rows_can_be_used" in rule.name]
    assert check_query(both.name, batch="checks.enrollments", table="enrollments"), "a file may set faults and hold a query"


def test_naming_the_checks_does_not_import_gx() -> None:
    program = (
        "import sys; from subgroup_pipeline.quality import validation; validation.checks_of('users');"
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_failing_row_of_a_small_run_has_its_key_and_a_great_run_names_fewer(
    settings: Settings, land: Land, clean: Rows
) -> None:
    ids = tuple(f"u{n:03}" for n in range(150))
    broken = [{"sourcedId": one, "role": "nobody"} for one in ids]
    unknown_agent = [{"sourcedId": one, "role": "student", "agentSourcedIds": "nobody"} for one in ids]
    land("r", clean | {"users": broken})
    land("agents", clean | {"users": unknown_agent})
    keys = {(one.delivery_id, one.column): one.keys for one in validate(settings, ["users"], run_name="x").failures}
    assert (keys["r", "role"], keys["agents", "agentSourcedIds"]) == (ids, ids)
    with open_warehouse(settings) as connection:
        others = [{"district_id": "d", "delivery_id": f"other{n}", "feed": "roster"} for n in range(6000)]
        insert_rows(connection, RUN_DELIVERY, others)
    keys = {(one.delivery_id, one.column): one.keys for one in validate(settings, ["users"], run_name="x").failures}
    assert (keys["r", "role"], keys["agents", "agentSourcedIds"]) == (ids[:100], ids[:100])


def test_queries_leave_it_to_the_session_how_many_keys_they_name() -> None:
    queries = {path.name: path.read_text() for path in (bundled("expectations") / "sql").rglob("*.sql")}
    assert [name for name, text in queries.items() if re.search(r"min\([^()]+, *\d+\)|\[:\d+\]", text)] == [], (
        "write first_keys()"
    )


def test_every_query_is_named_by_a_suite_and_says_what_it_counts() -> None:
    folder = bundled("expectations") / "sql"
    named = {check.sql for table in suite_names() for check in checks_of(table)}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.sql")} == named | {"macros.sql"}
    assert [name for name in named if not (folder / name).read_text().startswith("-- ")] == []
