"""The version of the rules changes with what they do, and never with what they say."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import subgroup_pipeline
from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.settings import bundled
from subgroup_pipeline.warehouse import rules_version as version_module
from subgroup_pipeline.warehouse.rules_version import note_version, rules_version, version_of

LIMITS, GUARDS, CAPS = "package/districts/limits.py", "package/quality/roster_guards.py", "package/reading/zip_proof.py"
DEFAULTS, SUITE, MACROS = "package/districts/guards.py", "expectations/orgs.json", "macros/rules.sql"
QUERY, TABLES = "expectations/sql/orgs/cells_are_complete.sql", "package/warehouse/control_tables.py"
CONTRACT = "package/warehouse/oneroster_v1p1_columns.yml"
PACKAGE = Path(subgroup_pipeline.__file__).parent


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of some of the files that the rules stand in."""
    folder = tmp_path_factory.mktemp("rules")
    for name in (LIMITS, GUARDS, CAPS, DEFAULTS, TABLES, CONTRACT):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / Path(name).relative_to("package"), copy)
    shutil.copytree(bundled("expectations"), folder / "expectations")
    shutil.copytree(bundled("dbt_project") / "macros", folder / "macros")
    return folder


def _version(rules: Path, severity: str = "error") -> str:
    return version_of(rules / "package", rules / "expectations", rules / "macros", {"KEY003": severity})


def _after(rules: Path, file: str, now: str, then: str) -> str:
    """The version once a text of a file is another one."""
    path = rules / file
    text = path.read_text()
    assert now in text
    path.write_text(text.replace(now, then, 1))
    try:
        return _version(rules)
    finally:
        path.write_text(text)


@pytest.mark.parametrize(
    ("file", "now", "then"),
    [
        (LIMITS, '"""Students; a guard', '"""Pupils; a guard'),
        (LIMITS, "FEW_ROWS = 5", "# Few are few.\nFEW_ROWS = 5  # rows"),
        (GUARDS, "{gone} of {before} are gone", "{gone} of {before} have left"),
        (SUITE, '"Every row has a sourcedId"', '"No row is without a sourcedId"'),
        (SUITE, '"what": "', '"what": "it seems that '),
        (TABLES, "Name of the district.", "The name of the district."),
        (TABLES, "The deliveries whose rows", "Those deliveries whose rows"),
        (CONTRACT, "v1.0 spelled it birthdate", "once spelled birthdate"),
        (MACROS, "{# Small rules", "{# Little rules"),
        (MACROS, "    coalesce(lower(", "    -- a line comment's apostrophe\n  coalesce(lower("),
    ],
)
def test_words_leave_the_version_as_it_is(rules: Path, file: str, now: str, then: str) -> None:
    assert _after(rules, file, now, then) == _version(rules)


@pytest.mark.parametrize(
    ("file", "now", "then"),
    [
        (LIMITS, "FEW_STUDENTS = 20", "FEW_STUDENTS = 21"),
        (DEFAULTS, "removed_students: Share = 0.10", "removed_students: Share = 0.11"),
        (CAPS, "MAX_MEMBERS = 100", "MAX_MEMBERS = 101"),
        (GUARDS, "count > floor and", "count >= floor and"),
        (GUARDS, '"VOL310"', '"VOL309"'),
        (QUERY, "name is null", "title is null"),
        (SUITE, '"code": "KEY001"', '"code": "KEY002"'),
        (TABLES, '"settings_version": Column("integer"', '"settings_version": Column("bigint"'),
        (CONTRACT, "name: birthDate, required: false", "name: birthDate, required: true"),
        (MACROS, "'active') = 'active'", "'active') = 'Active'"),
        (MACROS, "'inactive')", "'in active')"),
    ],
)
def test_logic_makes_another_version(rules: Path, file: str, now: str, then: str) -> None:
    assert _after(rules, file, now, then) != _version(rules)


def test_a_severity_makes_another_version(rules: Path) -> None:
    assert _version(rules, "hold") != _version(rules, "error")


def test_of_the_catalogue_only_severities_count(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = catalogue()["KEY003"]
    other_words = replace(entry, what="Said otherwise.", how_to_fix="Do so.", why="So.", in_excel="So.", example="a: 1 b: 2")
    monkeypatch.setitem(catalogue(), "KEY003", other_words)
    assert rules_version.__wrapped__() == rules_version()
    monkeypatch.setitem(catalogue(), "KEY003", replace(entry, severity="hold"))
    assert rules_version.__wrapped__() != rules_version()


def test_the_noted_version_is_taken_as_long_as_no_byte_of_the_rules_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = rules_version()
    note = tmp_path / "share" / "rules_version.json"
    monkeypatch.setattr(version_module, "NOTE", note)
    note_version()
    stamp, version = json.loads(note.read_text())
    assert version == computed
    for text, expected in (([stamp, "noted"], "noted"), (["other bytes", "noted"], computed), ("damaged", computed)):
        note.write_text(json.dumps(text)[: None if isinstance(text, list) else 4])
        rules_version.cache_clear()
        assert rules_version() == expected
    rules_version.cache_clear()
