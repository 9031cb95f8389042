"""`/docs/lineage` follows every published column back to the files and the settings that it is made of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from subgroup_pipeline.build.dbt import prepared_manifest
from subgroup_pipeline.desk.lineage import published_lineage
from subgroup_pipeline.publish.mart_tables import mart_tables
from tests.support.home import Home
from tests.support.portal import PortalUnderTest, portal_running


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    home = Home.at(tmp_path_factory.mktemp("lineage"))
    prepared_manifest(home.settings)  # as the start of Dagster does, where the environment has none of these models
    with portal_running(home.settings, home.registry) as portal:
        yield portal


def test_every_published_column_ends_in_files_or_settings_or_is_counted(portal: PortalUnderTest) -> None:
    published = published_lineage(portal.settings.paths)
    for table in mart_tables():
        columns = published[table.name].columns
        assert [column.column.name for column in columns] == list(table.columns)
        for column in columns:
            is_counted = any(step.rows_of for step in column.steps)
            assert column.files or column.settings or column.history or is_counted, f"{table.name}.{column.column.name}"
            assert column.column.meaning


def test_what_a_column_is_made_of(portal: PortalUnderTest) -> None:
    columns = {
        f"{table}.{column.column.name}": column
        for table, model in published_lineage(portal.settings.paths).items()
        for column in model.columns
    }
    grade = columns["dim_student.grade_level"]
    assert [(end.table, end.name) for end in grade.files] == [("users.csv", "grades")]
    assert not grade.settings
    assert [step.column.table for step in grade.steps] == ["dim_student", "int_student", "stg_user"]
    value = {(end.table, end.name) for end in columns["fct_student_subgroup.value"].files}
    assert value > {("the subgroup file", "cells"), ("users.csv", "metadata"), ("demographics.csv", "sex")}
    assert not any(table in ("orgs.csv", "classes.csv") for table, _ in value)
    counted = columns["rpt_school_subgroup.student_count"]
    assert not counted.files
    assert "int_student_school" in counted.steps[-1].rows_of


def test_the_pages_say_it(portal: PortalUnderTest) -> None:
    with portal.staff() as staff:
        tables = staff.get("/docs/lineage")
        assert '<a href="/docs/lineage/dim_student">' in tables.text
        assert "/data-docs/" not in tables.text, "nothing was checked here yet"
        page = staff.get("/docs/lineage/dim_student").text
        assert "<code>users.csv: grades</code>" in page
        assert 'href="/docs/data#!/model/model.subgroups.stg_user"' in page
        assert staff.get("/docs/lineage/int_student").status_code == 404
