"""tau-argus, the program of statistics offices, audits tables that a release shows: schools by the values of a subgroup."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.disclosure.worlds import WIDTH
from tests.disclosure.shapes import random_shape
from tests.disclosure.test_attack import MINIMUM, release

pytestmark = [pytest.mark.needs_argus, pytest.mark.slow]

PYTHON = Path(__file__).parents[2] / ".argus" / "bin" / "python"
EVERYONE = "Total"
ABOUT = """
<SEPARATOR> ";"
<SAFE> "S"
<UNSAFE> "U"
<PROTECT> "P"
school
  <RECODEABLE>
  <TOTCODE> "Total"
value
  <RECODEABLE>
  <TOTCODE> "Total"
students
  <NUMERIC>
  <DECIMALS> 0
frequency
  <FREQUENCY>
status
  <STATUS>
"""
BATCH = """
<OPENTABLEDATA> "table.tab"
<OPENMETADATA> "table.rda"
<SPECIFYTABLE> "school""value"|"students"||
<SAFETYRULE> MAN(20)
<READTABLE> 1
"""
QUERY = """
select staff.district_id, subgroup, {school}, value, staff.student_count, shown.student_count is null
from marts.rpt_{level}_subgroup as staff
inner join shown.public.rpt_{level}_subgroup as shown using ({keys}, subgroup, value)
"""


@dataclass(frozen=True)
class Cell:
    """A count of a two-way table: `Total` is the district, or all values; whether it is a small group, and hidden."""

    school: str
    value: str
    count: int
    is_hidden: bool

    @property
    def is_small(self) -> bool:
        return 0 < self.count < MINIMUM


def tables_of(home: Path) -> Iterator[list[Cell]]:
    """The two-way tables of a release in which something is hidden, of districts whose students are in one school each."""
    shapes = [random_shape(seed, 1500) for seed in range(2, 14)]
    shapes = [shape for shape in shapes if all(len(schools) == 1 for schools in shape.schools.values())]
    made = release(home, "only", shapes, shapes)
    cells: dict[tuple[str, str], list[Cell]] = {}
    with duckdb.connect(str(made.marts), read_only=True) as connection:
        connection.execute(f"attach '{made.shareable}' as shown (read_only)")
        for level, school, keys in (
            ("district", f"'{EVERYONE}'", "district_id"),
            ("school", "school_id", "district_id, school_id"),
        ):
            for district_id, subgroup, *named in connection.execute(
                QUERY.format(level=level, school=school, keys=keys)
            ).fetchall():
                cells.setdefault((district_id, subgroup), []).append(Cell(*named))
    for (district_id, subgroup), inner in cells.items():
        totals = [Cell(one.school, EVERYONE, one.count, one.is_hidden) for one in cells[district_id, "all_students"]]
        schools, values = Counter(one.school for one in inner), {one.value for one in inner}
        if subgroup != "all_students" and len(schools) > 2 and len(values) > 1 and any(one.is_hidden for one in inner):
            yield inner + totals


def audited(folder: Path, cells: list[Cell]) -> list[dict[str, float]]:
    """What tau-argus finds out of a table: of each hidden cell the true count (`value`), and the least and most it can be."""
    rows = [(one.school, one.value, one.count, one.count, "U" if one.is_hidden else "S") for one in cells]
    (folder / "table.tab").write_text("".join(";".join(map(str, row)) + "\n" for row in rows))
    (folder / "table.rda").write_text(ABOUT)
    (folder / "table.arb").write_text(BATCH)
    command = [str(PYTHON), str(Path(__file__).with_name("argus_audit.py")), str(folder / "table.arb")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, float]] = json.loads(done.stdout)
    assert Counter(round(one["value"]) for one in found) == Counter(one.count for one in cells if one.is_hidden)
    return found


def exposed(found: list[dict[str, float]]) -> list[dict[str, float]]:
    """The hidden counts that are known too well: in too narrow a range, or known to be of a small group."""
    return [
        one
        for one in found
        if one["max"] - one["min"] < WIDTH or (0 < one["value"] < MINIMUM and one["max"] < MINIMUM)
    ]  # fmt: skip


def test_no_hidden_count_is_known_more_closely_than_our_width(tmp_path: Path) -> None:
    tables = list(tables_of(tmp_path))
    assert len(tables) > 5
    open_by_rule_alone = 0
    for cells in tables:
        assert exposed(audited(tmp_path, cells)) == []
        small_only = [Cell(one.school, one.value, one.count, one.is_small) for one in cells]
        if any(one.is_small for one in cells):
            open_by_rule_alone += bool(exposed(audited(tmp_path, small_only)))
    assert open_by_rule_alone, "it finds what is open where small groups alone are hidden"
