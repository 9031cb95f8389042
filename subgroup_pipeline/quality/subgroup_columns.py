"""What stands in the columns of subgroup files: values that are not set up, open columns that hold no group, Excel's errors.

`checks.cell_count` counts each text of each column, for the files of the run and for the live ones that they would replace.
Texts stay in memory, to find lines by; a finding has counts, lines and names from the settings (design 2.12).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.quality.limits import FEW_STUDENTS
from subgroup_pipeline.registry.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from subgroup_pipeline.quality.subgroup_file import SubgroupFile

ID_LIKE = 0.95
"""Of the filled cells of an open column; so many different texts are a column of IDs."""
REPEATS_IDS = 0.50
"""Of the filled cells that are student IDs of the same file."""
_NAMED = 8
"""Known values that a finding lists."""

# unnest() stands in the select list, and texts are grouped before they are trimmed: 0.5 s for 500,000 rows of 12 columns,
# where `from rows, unnest(map_entries(cells))` takes 5.3 s (measured).
_CELLS = """
create table checks.cell_count as
with file as (
    select delivery_id from warehouse.control.run_delivery where feed = 'subgroups'
    union select live_delivery_id from checks.live_file
),
cell as (
    select district_id, delivery_id, entry.key as source_column, trimmed(entry.value) as cell, count(*) as n
    from (
        select district_id, delivery_id, unnest(map_entries(cells)) as entry
        from warehouse.raw.subgroup_row where delivery_id in (select delivery_id from file)
    ) group by district_id, delivery_id, entry.key, entry.value
)
select
    c.delivery_id, c.source_column, k.is_open, c.cell, v.value is not null as is_known,
    case
        when c.cell is null then k.blank_value
        when v.value is null and not k.is_open then 'not_reported'
        else coalesce(v.value, c.cell)
    end as value,
    sum(c.n)::bigint as n
from cell c
join warehouse.control.subgroup_column k
    on k.district_id = c.district_id and k.source_column = c.source_column and k.source = 'sftp'
left join warehouse.control.subgroup_value v
    on v.district_id = c.district_id and v.subgroup = k.subgroup and lower(trimmed(v.raw_key)) = lower(c.cell)
group by all
"""

_UNMAPPED = """
select delivery_id, source_column, sum(n)::bigint, count(distinct lower(cell)), min(cell, 100)
from checks.cell_count where not is_open and not is_known and cell is not null group by all
"""

_WRECKED = """
select delivery_id, source_column, sum(n)::bigint, count(distinct cell), min(cell, 100)
from checks.cell_count where not is_known and is_excel_wreck(cell) group by all
"""

_OPEN = """
select c.delivery_id, c.source_column, sum(c.n)::bigint, count(distinct c.cell),
    coalesce(sum(c.n) filter (f.key is not null), 0)::bigint
from checks.cell_count c left join checks.file_key f on f.delivery_id = c.delivery_id and f.key = c.cell
where c.is_open and not c.is_known and c.cell is not null group by all
"""


@dataclass(frozen=True)
class Texts:
    """Cells of a column that are of one kind, how many different texts they hold, and some of these."""

    cells: int
    distinct: int
    texts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class OpenTexts:
    """Cells of an open column whose text is not set up, how many different ones, and how many are student IDs of the file."""

    cells: int
    distinct: int
    student_ids: int


@dataclass
class ColumnFacts:
    """By column, in canonical form."""

    unmapped: dict[str, Texts] = field(default_factory=dict)
    wrecked: dict[str, Texts] = field(default_factory=dict)
    open: dict[str, OpenTexts] = field(default_factory=dict)


def column_facts(session: duckdb.DuckDBPyConnection) -> dict[str, ColumnFacts]:
    """Facts by delivery. Leaves checks.cell_count; reads checks.file_key and checks.live_file."""
    session.execute(_CELLS)
    facts: dict[str, ColumnFacts] = {}
    for delivery_id, column, cells, distinct, texts in session.execute(_UNMAPPED).fetchall():
        facts.setdefault(delivery_id, ColumnFacts()).unmapped[column] = Texts(cells, distinct, tuple(texts))
    for delivery_id, column, cells, distinct, texts in session.execute(_WRECKED).fetchall():
        facts.setdefault(delivery_id, ColumnFacts()).wrecked[column] = Texts(cells, distinct, tuple(texts))
    for delivery_id, column, *counts in session.execute(_OPEN).fetchall():
        facts.setdefault(delivery_id, ColumnFacts()).open[column] = OpenTexts(*counts)
    return facts


def column_findings(file: SubgroupFile, facts: ColumnFacts) -> Iterator[Finding]:
    """Findings about the columns of one file."""
    for column, found in sorted(facts.unmapped.items()):
        about = f"{_different(found.distinct)} {_known_values(file, column)}"
        cells = file.by_cells(column, found.texts)
        yield Finding("SUB506", file=file.name, column=column, count=found.cells, about=about, **cells)
    for column, found in sorted(facts.wrecked.items()):
        yield Finding("SUB548", file=file.name, column=column, count=found.cells, **file.by_cells(column, found.texts))
    for column, texts in sorted(facts.open.items()):
        yield from _about_open(file, column, texts)


def _different(count: int) -> str:
    return "(One value.)" if count == 1 else f"({count} different values.)"


def _known_values(file: SubgroupFile, column: str) -> str:
    """The values that are set up: the district's own words. What stands in a cell is a student's, and is not said."""
    setting = file.column(column)
    known = list(setting.values) if setting else []
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"Set up here: {', '.join(known[:_NAMED])}{more}."


def _about_open(file: SubgroupFile, column: str, texts: OpenTexts) -> Iterator[Finding]:
    said = f"{texts.distinct} different texts in {texts.cells} cells"
    is_ids = texts.distinct >= ID_LIKE * texts.cells or texts.student_ids > REPEATS_IDS * texts.cells
    if is_ids and texts.distinct > FEW_STUDENTS:
        about = f"{said}; {texts.student_ids} are student IDs of the file."
        yield Finding("SUB546", file=file.name, line=1, column=column, count=texts.distinct, about=about)
    elif texts.distinct > max(file.guards.subgroup_open_values, file.guards.subgroup_open_share * texts.cells):
        about = f"{said}; we tell you above {file.limit('subgroup_open_values')} and {file.limit('subgroup_open_share')}."
        yield Finding("SUB545", file=file.name, line=1, column=column, count=texts.distinct, about=about)
