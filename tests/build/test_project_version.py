"""Build keys change with what the models do; the stamp of the parsed manifest changes with every byte that dbt reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from subgroup_pipeline.build.project_version import model_version, parse_stamp, stamp_of, version_of
from subgroup_pipeline.settings import bundled

MARTS, MODEL, MACROS = "models/marts/_dimensions.yml", "models/intermediate/int_school_year.sql", "macros/rules.sql"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "dbt_project"
    shutil.copytree(bundled("dbt_project"), folder, ignore=shutil.ignore_patterns("target", "logs"))
    return folder


def _change(project: Path, file: str, now: str, then: str) -> None:
    text = (project / file).read_text()
    assert now in text
    (project / file).write_text(text.replace(now, then, 1))


def test_the_versions_are_those_of_the_project_that_ships() -> None:
    assert model_version() == version_of(bundled("dbt_project"))
    assert parse_stamp().split()[0] == stamp_of(bundled("dbt_project"))


@pytest.mark.parametrize(
    ("file", "now", "then"),
    [
        (MARTS, "description: Version of this set of tables", "description: Version of these tables"),
        (MARTS, "control.run_scope lists the district twice", "the scope names the district twice"),
        (MARTS, "# What analysts", "# What people"),
        (MODEL, "-- The school year", "-- That school year"),
        ("models/columns.md", "Name of the district.", "What the district is called."),
        (MACROS, "{# Small rules", "{# Little rules"),
        ("macros/engine/spark/maps.sql", "try_element_at", "element_at"),
        ("models/marts/_unit_tests.yml", "a_value_names_the_delivery", "a_value_says_the_delivery"),
    ],
)
def test_words_put_no_district_in_scope_and_are_parsed(project: Path, file: str, now: str, then: str) -> None:
    version, stamp = version_of(project), stamp_of(project)
    _change(project, file, now, then)
    assert version_of(project) == version
    assert stamp_of(project) != stamp


def test_files_of_words_alone_put_no_district_in_scope(project: Path) -> None:
    version, stamp = version_of(project), stamp_of(project)
    (project / "models" / "exposures.yml").write_text("version: 2\nexposures: [{name: dashboard, type: dashboard}]\n")
    (project / "models" / "words.md").write_text("{% docs district %}A district.{% enddocs %}\n")
    assert version_of(project) == version
    assert stamp_of(project) != stamp


@pytest.mark.parametrize(
    ("file", "now", "then"),
    [
        (MARTS, "data_type: bigint", "data_type: integer"),
        (MARTS, "constraints: [{type: not_null", "constraints: [{type: unique"),
        (MODEL, "max(school_year)", "min(school_year)"),
        (MACROS, "'active') = 'active'", "'active') = 'Active'"),
        ("dbt_project.yml", "+materialized: scratch", "+materialized: table"),
        ("dbt_project.yml", "contract_version: \"", "contract_version: \"9"),
    ],
)  # fmt: skip
def test_logic_puts_every_district_in_scope(project: Path, file: str, now: str, then: str) -> None:
    version = version_of(project)
    _change(project, file, now, then)
    assert version_of(project) != version
