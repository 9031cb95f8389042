"""Every mart that Spark builds from an export equals DuckDB's, cell by cell."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from benchmarks.generate import generate
from subgroup_pipeline.build.dbt import open_models
from subgroup_pipeline.build.models import hold_what_fails
from subgroup_pipeline.build.scope import set_scope
from subgroup_pipeline.demo.districts import make_sample_districts
from subgroup_pipeline.desk.export import export_now
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.publish.mart_tables import mart_tables
from subgroup_pipeline.settings import bundled
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support.home import Home

ROOT = Path(__file__).parents[2]
MARTS = [table.name for table in mart_tables()]

pytestmark = [pytest.mark.needs_java, pytest.mark.slow]


@dataclass(frozen=True)
class Engines:
    """What DuckDB built, as its file, and what Spark built, as a folder of Parquet for each mart."""

    duckdb: Path
    spark: Path


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """The demo's districts and one of the benchmarks, each after two builds, so that there is a history."""
    root = tmp_path_factory.mktemp("engines")
    home = Home.at(root / "home", memory_limit="2GB")
    later = {}
    for sample in make_sample_districts(root / "demo"):
        home.apply(sample.yaml_path.read_text(encoding="utf-8"))
        home.deliver("roster", {file.name: file.read_bytes() for file in sample.roster_files}, sample.district_id)
        for file in sample.subgroup_files:
            home.deliver("subgroups", {file.name: file.read_bytes()}, sample.district_id)
            later[sample.district_id] = {file.name: _changed(file.read_text(encoding="utf-8"))}
    for bench in generate(root / "bench", 1, 300, results=2):
        home.apply(bench.settings.read_text(encoding="utf-8"))
        home.deliver("roster", {bench.roster.name: bench.roster.read_bytes()}, bench.district_id)
        home.deliver("subgroups", {bench.subgroup_csv.name: bench.subgroup_csv.read_bytes()}, bench.district_id)
    _build(home)
    for district, files in later.items():
        home.deliver("subgroups", files, district)
    _build(home)
    export_now(home.registry, home.settings, str(root / "export"), [])
    _build_on_spark(root)
    yield Engines(home.settings.paths.analytics_database, root / "spark" / "marts")
    home.close()


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_the_same_on_both_engines(engines: Engines, mart: str) -> None:
    assert differences(engines, mart) == []


def differences(engines: Engines, mart: str) -> list[tuple[object, ...]]:
    """Some rows in which the engines differ. A fraction may differ by a billionth: each adds up in an order of its own."""
    with duckdb.connect(str(engines.duckdb), read_only=True) as connection:
        described = [row[:2] for row in connection.execute(f"describe marts.{mart}").fetchall()]
        cells = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in described)
        files = f"read_parquet('{engines.spark}/{mart}/*.parquet')"
        assert {row[0] for row in connection.execute(f"describe select * from {files}").fetchall()} == {n for n, _ in described}
        connection.execute(f"create temp view ours as from marts.{mart}; create temp view theirs as select {cells} from {files}")
        assert connection.execute("select count(*) > 0 from ours").fetchone() == (True,)
        exact = ", ".join(f'"{name}"' for name, kind in described if kind != "DOUBLE")
        found: list[tuple[object, ...]] = []
        for one, other in (("ours", "theirs"), ("theirs", "ours")):
            query = f"(select {exact} from {one} except all select {exact} from {other}) limit 3"
            found += connection.execute(query).fetchall()
        same_row = " and ".join(f'o."{name}" is not distinct from t."{name}"' for name, kind in described if kind != "DOUBLE")
        for name in (name for name, kind in described if kind == "DOUBLE"):
            apart = f'abs(o."{name}" - t."{name}") > 1e-9 or (o."{name}" is null) <> (t."{name}" is null)'
            query = f"select o.* from ours as o inner join theirs as t on {same_row} where {apart} limit 3"
            found += connection.execute(query).fetchall()
    return found


def _changed(text: str) -> str:
    """A later subgroup file, in which every seventh student has the next one's cells and every thirtieth is missing."""
    header, *rows = csv.reader(io.StringIO(text))
    changed = [[row[0], *rows[(at + 1) % len(rows)][1:]] if at % 7 == 0 else row for at, row in enumerate(rows)]
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([header, *(row for at, row in enumerate(changed) if at % 30)])
    return target.getvalue()


def _build(home: Home) -> None:
    """Land, judge and build what was delivered, as a night does."""
    home.judge()
    with open_warehouse(home.settings) as connection:
        set_scope(connection, home.registry, registered_districts(home.registry), {})
    with open_models(home.settings) as models:
        assert list(models.build())
        assert not hold_what_fails(home.registry, models).failing


def _build_on_spark(root: Path) -> None:
    """Run dbt's target `spark` in its own environment."""
    project = str(bundled("dbt_project"))
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("SUBGROUPS_", "DBT_", "PYTHON"))}
    unused = {f"SUBGROUPS_{name}": "" for name in ("RAW_DATABASE", "ANALYTICS_DATABASE", "HISTORY_DATABASE", "TEMP_DIRECTORY")}
    mine = {
        "SUBGROUPS_EXPORT_URL": str(root / "export"),
        "DBT_PROJECT_DIR": project,
        "DBT_PROFILES_DIR": project,
        "DBT_TARGET_PATH": str(root / "target"),
        "DBT_LOG_PATH": str(root / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    command = [ROOT / ".spark" / "bin" / "python", ROOT / "tests" / "spark" / "build_marts.py", root / "spark"]
    done = subprocess.run(command, env=ours | unused | mine, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
