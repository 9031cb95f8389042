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
from subgroup_pipeline.quality.expectations import ExpectationFileError, check_families, checks_of, suite_json, suite_names
from subgroup_pipeline.quality.validation import ChecksNotRunError, validate
from subgroup_pipeline.settings import Settings, bundled
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control_tables import RUN_DELIVERY
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows
from tests.quality.conftest import Land, Rows

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
    assert sum(not check.passed for check in validation.checks) >= 20

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


def _add(folder: Path, table: str, kind: str, name: str = "added", **kwargs: Any) -> None:  # noqa: ANN401
    path = folder / f"{table}.json"
    suite = json.loads(path.read_text())
    meta = {"check": name, "code": "NEW999", "column": "title", "what": "it is wrong"}
    suite["expectations"].append({"type": kind, "kwargs": kwargs, "description": "It is right", "meta": meta})
    path.write_text(json.dumps(suite))


def test_adding_an_expectation_takes_the_file_only(settings: Settings, land: Land, clean: Rows, suites: Path) -> None:
    added: dict[str, tuple[str, dict[str, Any]]] = {
        "in_set": ("expect_column_values_to_be_in_set", {"column": "title", "value_set": ["Geometry"]}),
        "not_in_set": ("expect_column_values_to_not_be_in_set", {"column": "title", "value_set": ["Algebra"]}),
        "regex": ("expect_column_values_to_match_regex", {"column": "title", "regex": "^G"}),
        "another_regex": ("expect_column_values_to_match_regex", {"column": "title", "regex": "^Alg"}),
        "not_regex": ("expect_column_values_to_not_match_regex", {"column": "title", "regex": "^A"}),
        "not_null": ("expect_column_values_to_not_be_null", {"column": "courseCode"}),
        "lengths": ("expect_column_value_lengths_to_equal", {"column": "title", "value": 3}),
    }
    for name, (kind, kwargs) in added.items():
        _add(suites, "courses", kind, name, **kwargs)
    land("r", clean)
    validation = validate(settings, ["courses"], run_name="x")
    assert {(one.check, one.code, one.count, one.keys) for one in validation.failures} == {
        (name, "NEW999", 1, () if name == "lengths" else ("c1",)) for name in added if name != "another_regex"
    }


@pytest.mark.parametrize(
    ("kind", "kwargs", "words"),
    [
        ("expect_no_violations_by_delivery", {"unexpected_rows_query": "select nothing from {batch}"}, "Binder Error"),
        ("expect_no_violations_by_delivery", {"unexpected_rows_query": "select title::int from {batch}"}, "Conversion Error"),
        ("expect_no_violations_by_delivery", {"unexpected_rows_query": "select title from {batch}"}, "must return delivery_id"),
        ("expect_column_values_to_match_regex", {"column": "title", "regex": "("}, "Invalid Input Error"),
        ("expect_column_values_to_not_be_null", {"column": "nothing"}, "nothing"),
        ("expect_table_row_count_to_equal", {"value": 1}, "no counts by delivery"),
        ("expect_column_values_to_be_unique", {"column": "title"}, "no counts by delivery"),
    ],
)
def test_what_cannot_be_judged_is_an_error_without_values(  # noqa: PLR0917
    settings: Settings, land: Land, clean: Rows, suites: Path, kind: str, kwargs: dict[str, Any], words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    _add(suites, "courses", kind, **kwargs)
    land("r", clean | {"courses": [clean["courses"][0] | {"title": SECRET}]})
    with pytest.raises(ChecksNotRunError, match=words) as caught:
        validate(settings, ["courses"], run_name="x")
    message = str(caught.value)
    assert "courses" in message
    assert "added" in message or words == "Invalid Input Error"  # one query counts several columns: GX blames them all
    assert SECRET not in message + caplog.text
    assert not list(settings.paths.gx.rglob("*.html"))
    with open_warehouse(settings) as connection:
        connection.execute("delete from raw.courses")


def test_a_code_that_meta_does_not_name_is_an_error(settings: Settings, land: Land, clean: Rows, suites: Path) -> None:
    query = "select delivery_id, 'X1' as code, count(*) as n, min(sourcedId, 5) as keys from {batch} group by all"
    _add(suites, "courses", "expect_no_violations_by_delivery", unexpected_rows_query=query)
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


@pytest.mark.parametrize("table", RAW_TABLES)
def test_a_suite_leaves_it_to_the_session_how_many_keys_it_names(table: str) -> None:
    assert not re.search(r"min\([^()]+, *\d+\)|\[:\d+\]", json.dumps(suite_json(table))), "write first_keys(column)"
