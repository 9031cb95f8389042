"""Each code of the roster's suites, planted in a file as a district uploads it, is said with file, column and physical lines."""

from __future__ import annotations

import copy
import csv
import io
from dataclasses import dataclass

import pytest

from subgroup_pipeline.quality.suite_findings import WITHOUT_LINES
from subgroup_pipeline.registry.schema import FindingRow
from subgroup_pipeline.warehouse.oneroster import roster_tables
from tests.quality.conftest import CLEAN, OF_CHANGES, Rows
from tests.quality.planted import PLANTED
from tests.quality.subgroup_world import World, settings
from tests.support import small_district as small
from tests.support.installation import zip_of

TABLES = {table.name: table for table in roster_tables().values()}
CASES = {name: case for name, case in PLANTED.items() if case[2] in TABLES}
FIRST_LINE = 3
"""Of the rows: a blank line stands between them and the header, so that a row's number does not give its line."""


@dataclass
class Judged:
    """What was sent, and what was said of it, by case."""

    sent: dict[str, Rows]
    said: dict[str, list[FindingRow]]


def _file(table: str, rows: list[dict[str, str | None]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, TABLES[table].columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    text.write("\n")
    writer.writerows(rows)
    return text.getvalue()


def _roster(rows: Rows, delta: str = "") -> dict[str, str]:
    """The files of a roster, all whole, or one file of changes."""
    names = {table: TABLES[table].file_name for table in rows if table in TABLES and table in (delta or table)}
    files = {name: _file(table, rows[table]) for table, name in names.items()}
    manifest = small.manifest(files)
    return {"manifest.csv": manifest.replace(",bulk", ",delta") if delta else manifest, **files}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Every case is a district of its own; all are landed and judged in one run."""
    world = World.at(tmp_path_factory.mktemp("lines") / "home")
    sent: dict[str, Rows] = {}
    deliveries: dict[str, str] = {}
    for name, (change, *_) in CASES.items():
        rows = copy.deepcopy(CLEAN)
        if name in OF_CHANGES:
            world.apply(settings(name))
            world.deliver("roster", {"before.zip": zip_of(_roster(rows))}, name)
        change(rows)
        if name == "later":
            # A term far ahead of whatever day this runs on.
            rows["academic_sessions"][1].update(startDate="2098-01-05", endDate="2098-05-28", schoolYear="2098")
        world.apply(settings(name))
        files = _roster(rows, delta=OF_CHANGES.get(name, ""))
        sent[name], deliveries[name] = rows, world.deliver("roster", {"roster.zip": zip_of(files)}, name)
    world.judge()
    return Judged(sent, {name: world.delivery(delivery).findings for name, delivery in deliveries.items()})


@pytest.mark.parametrize("name", CASES)
def test_a_code_is_said_with_file_column_and_lines(judged: Judged, name: str) -> None:
    _, code, table, _, column, count, keys = CASES[name]
    lines: list[int | None] = [
        FIRST_LINE + number
        for number, row in enumerate(judged.sent[name][table])
        if (row.get("sourcedId") or "").strip() in (keys or ("",))
    ]
    assert lines, "the case plants no row"
    found = [
        (finding.file, finding.line, finding.column, finding.count, finding.lines)
        for finding in judged.said[name]
        if (finding.code, finding.file, finding.column) == (code, TABLES[table].file_name, column)
    ]
    if code in WITHOUT_LINES:
        lines = [None]
    assert found == [(TABLES[table].file_name, lines[0], column, count, [line for line in lines[:5] if line])]
