"""What is installed carries what it needs: the dbt project, the suites, the migrations, the shipped dagster.yaml."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = (
    "subgroup_pipeline/_bundle/dbt_project/column_lineage.json",
    "subgroup_pipeline/_bundle/dbt_project/dbt_project.yml",
    "subgroup_pipeline/_bundle/dbt_project/models/marts/dim_district.sql",
    "subgroup_pipeline/_bundle/expectations/users.json",
    "subgroup_pipeline/_bundle/expectations/sql/roster/sourcedId_is_unique.sql",
    "subgroup_pipeline/quality/sql/macros.sql",
    "subgroup_pipeline/quality/sql/session/keys.sql",
    "subgroup_pipeline/findings/catalogue/roster.yml",
    "subgroup_pipeline/findings/glossary.yml",
    "subgroup_pipeline/warehouse/oneroster_v1p1_columns.yml",
    "subgroup_pipeline/orchestration/dagster.yaml",
    "subgroup_pipeline/orchestration/dagster_postgres.yaml",
    "subgroup_pipeline/registry/migrations/env.py",
    "subgroup_pipeline/reports/outbox.html.j2",
    "subgroup_pipeline/reports/page.css",
    "subgroup_pipeline/reports/report.html.j2",
    "subgroup_pipeline/reports/report_sections.html.j2",
    "subgroup_pipeline/reports/static/report.css",
    "subgroup_pipeline/desk/upload_texts.yml",
    "subgroup_pipeline/portal/templates/district_overview.html",
    "subgroup_pipeline/registry/migrations/versions/0001_the_first_tables.py",
)


@pytest.mark.slow
def test_the_wheel_carries_everything_a_night_needs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        names = set(package.namelist())
        assert set(NEEDED) <= names
        assert not [name for name in names if "/target/" in name or name.startswith("tests/")]
        package.extractall(tmp_path / "installed")
    # A read-only install: definitions load from the unpacked wheel, and all that is written goes to the home.
    for path in (tmp_path / "installed").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    load = "from subgroup_pipeline.definitions import defs; import subgroup_pipeline as s; print(s.__file__)"
    environment = {"PYTHONPATH": str(tmp_path / "installed"), "SUBGROUPS_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", load], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert str(tmp_path / "installed") in done.stdout
