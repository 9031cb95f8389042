"""The rows behind findings: looked up in the archived files in one pass per file, and kept beside the ledger for the report.

A row is a place (file, line, record, column), the district's own id of the record, and, where the finding is about a word, the
cell with that word. Ids and cells leave this installation in the district's own report only; they are in no log, no finding, no
ledger and no published table.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from subgroup_pipeline.disk import write_whole
from subgroup_pipeline.findings.finding import MOST_ROWS, Finding
from subgroup_pipeline.findings.severity import SEVERITIES
from subgroup_pipeline.landing.lines import find_all_lines
from subgroup_pipeline.landing.listed import is_listed, place_in_list
from subgroup_pipeline.reading.row_lookup import KeyedRows
from subgroup_pipeline.stages import stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.registry.schema import Delivery

Stage = Literal["landing", "quality"]
_STAGES: tuple[Stage, ...] = ("landing", "quality")
_ABOUT_CELLS = {"SUB506", "SUB548", "SUB549"}
"""Beside the VOC family: findings about what stands in a cell of a subgroup column. The cell is what the clerk has to mend."""
_CELL_MAX = 120
"""Characters of a cell that are kept; a word is shorter, and a delivery's rows have to stay small."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FailingRow:
    """One row that a finding counts. `record` counts rows after the header; `row_key` is empty where the id is missing.

    `line` is None for an id that should be in the file and is not. `cell` is kept for findings about a word only.
    """

    code: str
    file: str
    line: int | None
    record: int | None
    column: str
    row_key: str
    cell: str = ""


@stage("locate")
def locate(
    home: Home, readers: ReadingPool, delivery: Delivery, findings: Sequence[Finding]
) -> tuple[list[Finding], list[FailingRow]]:
    """Give findings that carry keys the first lines of their rows, and gather the rows of all, the gravest first."""
    lines: dict[int, list[FailingRow]] = {
        number: _rows_of_lines(finding) for number, finding in enumerate(findings) if not finding.key_column
    }
    by_file: dict[str, list[int]] = defaultdict(list)
    for number, finding in enumerate(findings):
        if finding.key_column and finding.file:
            by_file[finding.file].append(number)
    for file, numbers in by_file.items():
        wanted = [
            KeyedRows(findings[n].key_column, findings[n].keys or ("",), findings[n].id_column, _cell_column(findings[n]))
            for n in numbers
        ]
        for number, found in zip(numbers, find_all_lines(home, readers, delivery, file, wanted, MOST_ROWS), strict=True):
            code, column = findings[number].code, findings[number].column or ""
            lines[number] = [FailingRow(code, file, row.line, row.record, column, row.key, _cut(row.cell)) for row in found]
    located = [
        replace(finding, lines=tuple(row.line for row in lines.get(number, [])[:5] if row.line is not None), keys=())
        if finding.keys or finding.key_column
        else finding
        for number, finding in enumerate(findings)
    ]
    gravest = sorted(lines, key=lambda number: SEVERITIES.index(findings[number].severity))
    kept = _most([lines[number] for number in gravest])
    if is_listed(delivery):
        return [place_in_list(finding) for finding in located], [_in_list(row) for row in kept]
    return located, kept


def _in_list(row: FailingRow) -> FailingRow:
    """A row of a list that was fetched: its place is the endpoint, the number of the object, and the field."""
    placed = place_in_list(Finding(row.code, file=row.file, line=row.line, column=row.column))
    return replace(row, file=placed.file or "", line=placed.line, column=placed.column or "")


def _most(groups: Sequence[list[FailingRow]]) -> list[FailingRow]:
    """At most MOST_ROWS: of each finding its share, the rest of the room to the first ones."""
    share = MOST_ROWS // max(len(groups), 1)
    room = MOST_ROWS - sum(min(len(rows), share) for rows in groups)
    kept: list[FailingRow] = []
    for rows in groups:
        more = min(max(len(rows) - share, 0), room)
        room -= more
        kept += rows[: share + more]
    return kept


def _cell_column(finding: Finding) -> str:
    is_about_a_cell = finding.code.startswith("VOC") or finding.code in _ABOUT_CELLS
    return (finding.column or "").removeprefix("demographics.") if is_about_a_cell else ""


def _cut(cell: str) -> str:
    return cell if len(cell) <= _CELL_MAX else cell[: _CELL_MAX - 1] + "…"


def keep_failing_rows(home: Home, delivery: Delivery, stage: Stage, rows: Iterable[FailingRow]) -> None:
    """Replace what a stage kept of a delivery; no rows, no file."""
    path = _path(home, delivery, stage)
    kept = [list(vars(row).values()) for row in rows]
    if not kept:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, json.dumps(kept, ensure_ascii=False, separators=(",", ":")), durable=False)


def kept_failing_rows(home: Home, delivery: Delivery) -> list[FailingRow]:
    """What is kept of a delivery, by whatever stage. A damaged file holds nothing: the findings still say what is wrong."""
    rows: list[FailingRow] = []
    for path in (_path(home, delivery, one) for one in _STAGES):
        try:
            rows += [FailingRow(*row) for row in json.loads(path.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            continue
        except (OSError, ValueError, TypeError):
            _log.warning("%s is damaged; the report of %s lists fewer rows", path.name, delivery.delivery_id)
    return rows


def _rows_of_lines(finding: Finding) -> list[FailingRow]:
    file, column = finding.file or "", finding.column or ""
    if finding.keys:
        return [FailingRow(finding.code, file, None, None, column, key) for key in finding.keys]
    places = finding.lines or ((finding.line,) if finding.line is not None else ())
    return [FailingRow(finding.code, file, line, None, column, "") for line in places]


def _path(home: Home, delivery: Delivery, stage: Stage) -> Path:
    return home.failing_rows / delivery.district_id / f"{delivery.delivery_id}.{stage}.json"
