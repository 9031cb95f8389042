"""The snippets of the page for analysts, and the notebook, run in their environment on what is published."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.publish.publishing import publish_anew
from tests.support.installation import Installation

pytestmark = pytest.mark.xdist_group("publish")

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".analysts" / "bin" / "python"
NOTEBOOK = ROOT / "docs" / "notebooks" / "subgroups.py"
PAGE = (ROOT / "docs" / "for-analysts.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)

_ROWS = """
import json, sys
frame = answer.pl() if hasattr(answer, "pl") else answer
rows = frame.rows() if hasattr(frame, "rows") else frame.values.tolist()
json.dump([list(row) for row in rows], sys.stdout)
"""
_MADE = """
import json, runpy, sys
_, made = runpy.run_path(sys.argv[1], run_name="__main__")["app"].run()
json.dump({name: made[name].rows() for name in ("report", "schools", "findings")}, sys.stdout)
"""
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def home(built: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the default home in it, and in that a copy of a snapshot in which gamma is called 007."""
    snapshot = publish_anew(built)
    published = tmp_path_factory.mktemp("analysts") / ".subgroups" / "published"
    shutil.copytree(snapshot, published / snapshot.name)
    (published / "current").symlink_to(snapshot.name)
    (published / "analytics.duckdb").symlink_to("current/analytics.duckdb")
    for folder in published.glob("current/lake/*/district_id=gamma"):
        folder.rename(folder.with_name("district_id=007"))
    with duckdb.connect(str((published / "analytics.duckdb").resolve())) as connection:
        tables = "select schema_name, table_name from duckdb_tables() where schema_name in ('marts', 'quality')"
        for schema, table in connection.execute(tables).fetchall():
            connection.execute(f"update {schema}.{table} set district_id = '007' where district_id = 'gamma'")
    return published.parent


@pytest.fixture(scope="module")
def ask(home: Path) -> Ask:
    """Rows of a query on the copy."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(home / "published" / "analytics.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()

    return rows


def _run(home: Path, *command: str) -> Any:  # noqa: ANN401 - what a program prints as JSON
    environment = {"PATH": os.environ["PATH"], "HOME": str(home.parent)}
    done = subprocess.run(
        [str(PYTHON), *command], cwd=home.parent, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.needs_analyst_tools
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: re.findall(r"import (\w+)", program)[-1])
def test_each_snippet_gives_the_published_numbers(home: Path, ask: Ask, program: str) -> None:
    expected = ask(
        "select district_id, student_count, student_share from rpt_district_subgroup "
        "where subgroup = 'english_learner' and value = 'yes' order by 1"
    )
    assert [row[0] for row in expected] == ["007", "alpha", "beta"]
    assert [tuple(row) for row in _run(home, "-c", program + _ROWS)] == expected


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_finds_somebody(ask: Ask, query: str) -> None:
    assert ask(query)


def test_the_page_has_a_snippet_of_each_tool() -> None:
    assert {tool for tool in ("duckdb", "pandas", "polars") if f"import {tool}" in "".join(PROGRAMS)} == {
        "duckdb", "pandas", "polars"
    }  # fmt: skip
    assert QUERIES


@pytest.mark.needs_analyst_tools
def test_the_notebook_runs_as_a_script_and_shows_the_published_numbers(home: Path, ask: Ask) -> None:
    made = _run(home, "-c", _MADE, str(NOTEBOOK))
    (first,) = ask("select min_by(district_id, district_name) from dim_district")[0]
    counts = ask(
        "select student_count from rpt_district_subgroup join dim_subgroup using (district_id, subgroup, value) "
        f"where district_id = '{first}' order by display_order"
    )
    assert [row[2] for row in made["report"]] == [count for (count,) in counts]
    assert made["report"][0][:2] == ["All students", "All"]
    assert {row[0] for row in made["schools"]} == {"Elm School", "Oak School"}
    found = ask(
        "select distinct code from finding join delivery using (district_id, delivery_id) "
        f"where district_id = '{first}' and state = 'published'"
    )
    assert {row[2] for row in made["findings"]} == {code for (code,) in found}
