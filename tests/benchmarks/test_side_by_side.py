"""The benchmark against other tools measures what it says: equal rows, our own rules, ratios per row, a chart to read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import duckdb
import pytest

from benchmarks.side_by_side.chart import svg
from benchmarks.side_by_side.contest import BENCH, COMPARED, Contest, Entry, Limits, fingerprints
from benchmarks.side_by_side.gx_rules import KEYS, RULES
from benchmarks.side_by_side.tables import as_json, markdown, ratios
from benchmarks.side_by_side.work import ROSTER_FILES, Delivered, Work, save_list, saved_list, saved_work, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).parents[2]
SUITES = {"academicSessions": "academic_sessions", "subgroups": "subgroup_row"}
"""Suites that are not named as their file."""


def _entries() -> list[Entry]:
    return [
        Entry("by hand", "night", 100, 4000, (4.0, 7.0)),
        Entry("our night", "night", 100, 4000, (9.0, 14.0)),
        Entry("our landing", "landing", 100, 4000, (4.0, 4.0)),
        Entry("dlt, rows", "landing", 10, 400, (8.0, 6.0)),
        Entry("dlt, Arrow", "landing", 100, 4000, (5.0, 6.0)),
        Entry("our checks", "checks", 100, 4000, (2.0, 2.0)),
        Entry("GX on pandas", "checks", 100, 4000, (5.0, 4.0)),
    ]


def test_ratios_are_per_row_because_a_slow_contender_gets_fewer_districts() -> None:
    found = {name: (wall, cpu) for name, wall, cpu, _ in ratios(_entries())}
    assert found == {"dlt, rows": (20.0, 15.0), "dlt, Arrow": (1.25, 1.5), "GX on pandas": (2.5, 2.0)}


def test_the_table_says_which_aims_are_met() -> None:
    said = markdown("small", _entries())
    assert "dlt, rows takes 15.0 times the CPU that we take for a row (20.0 times the wall time); aim 10: met" in said
    assert "dlt, Arrow takes 1.5 times" in said
    assert said.count("missed") == 1
    assert "Our night takes 2.0 times the CPU of by hand for a row" in said


def test_the_chart_has_a_bar_per_entry_by_length_and_follows_light_and_dark() -> None:
    drawn = svg(as_json("small", 5000, _entries()))
    root = ET.fromstring(drawn)  # noqa: S314 - our own text
    bars = [one for one in root.iter(f"{SVG}rect") if one.get("class") in {"bar", "ours"}]
    assert [one.get("class") for one in bars].count("ours") == 3
    assert len(bars) == len(_entries())
    landing = [int(one.get("width") or 0) for one in bars[2:5]]
    assert landing == sorted(landing)
    assert landing[2] / landing[0] == pytest.approx(15, rel=0.02)
    assert "prefers-color-scheme: dark" in drawn
    assert [one.text for one in root.iter(f"{SVG}text") if (one.text or "").startswith("dlt")] == ["dlt, Arrow", "dlt, rows"]


def test_every_rule_of_gx_stands_for_a_finding_of_our_suite_of_that_table() -> None:
    for table, rules in RULES.items():
        suite = json.loads((ROOT / "expectations" / f"{SUITES.get(table, table)}.json").read_text())
        codes = set()
        for expectation in suite["expectations"]:
            codes |= {expectation["meta"]["code"], *(one["code"] for one in expectation["meta"].get("also", []))}
        assert {rule.code for rule in rules} <= codes, table
        assert KEYS.keys() == RULES.keys() == {*ROSTER_FILES, "subgroups"}


def _published(path: Path, rows: Sequence[tuple[str, str, str, int]]) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        keys = "district_id varchar, subgroup varchar, value varchar"
        connection.execute(f"create table marts.rpt_district_subgroup ({keys}, student_count bigint)")
        connection.executemany("insert into marts.rpt_district_subgroup values (?, ?, ?, ?)", rows)
    return path


def test_fingerprints_see_a_count_that_moved_and_no_order_of_rows(tmp_path: Path) -> None:
    rows = [("d1", "ell", "yes", 3), ("d1", "ell", "no", 7), ("d2", "ell", "yes", 1)]
    one = fingerprints(_published(tmp_path / "one.duckdb", rows), ["d1", "d2"])
    assert one.keys() == {"rpt_district_subgroup"} <= COMPARED.keys()
    assert fingerprints(_published(tmp_path / "turned.duckdb", rows[::-1]), ["d1", "d2"]) == one
    moved = [("d1", "ell", "yes", 4), ("d1", "ell", "no", 6), rows[2]]
    other = _published(tmp_path / "moved.duckdb", moved)
    assert fingerprints(other, ["d1", "d2"]) != one
    assert fingerprints(other, ["d2"]) == fingerprints(tmp_path / "one.duckdb", ["d2"])


def test_a_contender_that_publishes_something_else_ends_the_contest(tmp_path: Path) -> None:
    contest = Contest([], tmp_path, Limits(), print)
    contest.published = {
        ("by hand, everything", 1): {"rpt_district_subgroup": (2, 10, 1), "fct_enrollment": (1, 1, 1)},
        ("plain dbt", 1): {"rpt_district_subgroup": (2, 10, 2)},
    }
    with pytest.raises(SystemExit, match=r"plain dbt published different rows: \['rpt_district_subgroup'\]"):
        contest.compare([])
    del contest.published["plain dbt", 1]
    contest.published["our night", 1] = {"rpt_district_subgroup": (2, 10, 1)}
    with pytest.raises(SystemExit, match=r"our night published different rows: \['fct_enrollment'\]"):
        contest.compare([])


def test_what_a_contender_is_given_and_gives_back(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "roster.zip", "w") as package:
        for name in ROSTER_FILES:
            package.writestr(f"{name}.csv", f"sourcedId\n{name}\n")
    (tmp_path / "subgroups.csv").write_text("student_id\n1\n")
    district = Delivered("d1", "One", tmp_path / "roster.zip", tmp_path / "subgroups.csv", tmp_path / "district.yml")
    save_list(tmp_path / "list.json", [district])
    assert saved_list(tmp_path / "list.json") == [district]
    tables = unpacked([district], tmp_path / "files")
    assert tables["users"]["d1"].read_text() == "sourcedId\nusers\n"
    assert tables["subgroups"]["d1"].parent == tables["users"]["d1"].parent
    work = Work(rows=7)
    with work.part("reading"):
        sum(range(100_000))
    work.save(tmp_path / "work.json")
    told = saved_work(tmp_path / "work.json")
    assert told.rows == 7
    assert told.parts["reading"] == work.parts["reading"]


@pytest.mark.slow
def test_side_by_side_end_to_end(tmp_path: Path) -> None:
    """One district of 20 students through every contender that is installed; they publish and land the same, or it fails."""
    command = [sys.executable, "-m", "benchmarks.side_by_side", "--scale", "tiny", "--results", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    figures = json.loads((tmp_path / "tiny.json").read_text())
    names = {one["name"] for one in figures["entries"]}
    assert names >= {"by hand", "by hand, everything", "our night", "our landing", "our checks"}
    if BENCH.exists():
        assert names >= {"plain dbt", "dlt, rows", "dlt, Arrow", "GX on pandas"}
        assert {one["contender"] for one in figures["ratios"]} == {"dlt, rows", "dlt, Arrow", "GX on pandas"}
    assert all(one["cpu"] > 0 and one["rows"] > 0 for one in figures["entries"])
    assert {one for one in names if one in said.stdout} == names
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.json", "tiny.svg"}
