"""What the catalogue says columns are made of is what the models' SQL says."""

from __future__ import annotations

import json

import dagster as dg
import pytest

from subgroup_pipeline.orchestration.column_lineage import sql_version
from subgroup_pipeline.settings import bundled
from tests.orchestration.conftest import Ran
from tools.generated_docs import column_lineage

pytestmark = pytest.mark.xdist_group("orchestration")

FILE = bundled("dbt_project") / "column_lineage.json"


def _lineage(ran: Ran, *key: str) -> dict[str, set[str]]:
    metadata = ran.defs.resolve_asset_graph().get(dg.AssetKey(key)).metadata
    lineage = metadata["dagster/column_lineage"].deps_by_column
    return {column: {f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps} for column, deps in lineage.items()}


def test_the_lineage_is_that_of_the_sql_as_it_stands() -> None:
    assert json.loads(FILE.read_bytes())["sql_version"] == sql_version(), "run `make docs`"


@pytest.mark.slow
def test_the_lineage_is_what_sqlglot_reads_now() -> None:
    assert FILE.read_text(encoding="utf-8") == column_lineage(), "run `make docs`"


def test_every_model_has_a_lineage_whose_columns_exist(ran: Ran) -> None:
    specs = {spec.key: spec for spec in ran.defs.resolve_all_asset_specs()}
    models = {key: spec for key, spec in specs.items() if key.path[0] in ("staging", "intermediate", "marts")}
    columns = {
        key: {column.name for column in spec.metadata["dagster/column_schema"].columns}
        for key, spec in specs.items()
        if "dagster/column_schema" in spec.metadata
    }
    assert [key for key, spec in models.items() if not spec.metadata["dagster/column_lineage"].deps_by_column] == []
    unknown = [
        (key.to_user_string(), column, dep)
        for key, spec in models.items()
        for column, deps in spec.metadata["dagster/column_lineage"].deps_by_column.items()
        for dep in deps
        if column not in columns[key] or dep.asset_key not in {d.asset_key for d in spec.deps}
        or (dep.asset_key in columns and dep.column_name not in columns[dep.asset_key])
    ]  # fmt: skip
    assert unknown == []


def test_a_column_is_followed_from_a_report_to_the_file(ran: Ran) -> None:
    assert _lineage(ran, "marts", "dim_course")["course_title"] == {"intermediate/int_course.course_title"}
    assert _lineage(ran, "intermediate", "int_course")["course_title"] == {"staging/stg_course.course_title"}
    assert _lineage(ran, "staging", "stg_course")["course_title"] == {"raw/courses.title"}
    words = ran.defs.resolve_asset_graph().get(dg.AssetKey(["staging", "stg_course"])).metadata["columns_are_made_of"].value
    assert "| `course_title` | `raw/courses.title` |" in words
