"""What stands in the columns of subgroup files: values that are not set up, open columns that hold no group, Excel's errors.

`checks.cell_count` counts each text of each column, for the files of the run and for the live ones that they would replace.
Texts stay in memory, to find lines by; a finding has counts, lines, names from the settings, and words of a list of ours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

from subgroup_pipeline.districts.limits import FEW_STUDENTS, ID_LIKE, REPEATS_IDS
from subgroup_pipeline.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import duckdb

    from subgroup_pipeline.quality.subgroup_file import RowsSought, SubgroupFile

_NAMED = 8
"""Known values that a finding lists."""
BLANK_WORDS = (
    "NULL", r"\N", "None", "nil", "NaN", "N/A", "NA", "not applicable", "n.a.", "blank", "empty", "(null)", "(blank)", "-", "--",
    "\u2013", "\u2014", ".", "?",
)  # fmt: skip
"""Words by which programs and people say that a cell is blank: never a student's own, so a finding may name them."""

# unnest() stands in the select list, and texts are grouped before they are trimmed: 0.5 s for 500,000 rows of 12 columns,
# where `from rows, unnest(map_entries(cells))` takes 5.3 s (measured).
_CELLS = """
create table checks.cell_count as
with file as (
    select delivery_id from warehouse.control.run_delivery where feed = 'subgroups'
    union select live_delivery_id from checks.live_file
),
cell as (
    select district_id, delivery_id, entry.key as source_column, entry.value as cell, count(*) as n
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
    on k.district_id = c.district_id and k.source_column = c.source_column and k.source = 'file'
left join warehouse.control.subgroup_value v
    on v.district_id = c.district_id and v.subgroup = k.subgroup and lower(v.raw_key) = lower(c.cell)
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

_KNOWN = """
select delivery_id, source_column, min(cell) from checks.cell_count where is_known
group by delivery_id, source_column, lower(cell)
"""

_BLANK = """
select delivery_id, source_column, words.written, sum(n)::bigint, list(cell) from checks.cell_count
join (select unnest(?::varchar[]) as written) words on lower(cell) = lower(words.written)
where is_open and not is_known group by all order by all
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


@dataclass(frozen=True)
class BlankWord:
    """A word of ours that means blank, in how many cells of an open column it is a group, and how it is written there."""

    word: str
    cells: int
    texts: tuple[str, ...] = field(repr=False)


@dataclass
class ColumnFacts:
    """By column, in canonical form. `known` are values of the settings as the file writes them."""

    known: dict[str, list[str]] = field(default_factory=dict)
    unmapped: dict[str, Texts] = field(default_factory=dict)
    wrecked: dict[str, Texts] = field(default_factory=dict)
    open: dict[str, OpenTexts] = field(default_factory=dict)
    blank_words: dict[str, list[BlankWord]] = field(default_factory=dict)


def column_facts(session: duckdb.DuckDBPyConnection) -> dict[str, ColumnFacts]:
    """Facts by delivery. Leaves checks.cell_count; reads checks.file_key and checks.live_file."""
    session.execute(_CELLS)
    facts: dict[str, ColumnFacts] = defaultdict(ColumnFacts)
    for delivery_id, column, text in session.execute(_KNOWN).fetchall():
        facts[delivery_id].known.setdefault(column, []).append(text)
    for delivery_id, column, cells, distinct, texts in session.execute(_UNMAPPED).fetchall():
        facts[delivery_id].unmapped[column] = Texts(cells, distinct, tuple(texts))
    for delivery_id, column, cells, distinct, texts in session.execute(_WRECKED).fetchall():
        facts[delivery_id].wrecked[column] = Texts(cells, distinct, tuple(texts))
    for delivery_id, column, *counts in session.execute(_OPEN).fetchall():
        facts[delivery_id].open[column] = OpenTexts(*counts)
    for delivery_id, columns in blank_words(session).items():
        facts[delivery_id].blank_words = columns
    return facts


def blank_words(session: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[BlankWord]]]:
    """By delivery and column: words that mean blank and became groups of an open column. Reads checks.cell_count."""
    found: dict[str, dict[str, list[BlankWord]]] = defaultdict(dict)
    for delivery_id, column, word, cells, texts in session.execute(_BLANK, [list(BLANK_WORDS)]).fetchall():
        found[delivery_id].setdefault(column, []).append(BlankWord(word, cells, tuple(texts)))
    return found


def blank_words_finding(file: str, header: str, words: Sequence[BlankWord], **rows: Unpack[RowsSought]) -> Finding:
    """The finding about the words of one column that mean blank; `rows` say how their rows are found."""
    said = ", ".join(f"`{one.word}` ({one.cells})" for one in words)
    return Finding("SUB549", file=file, column=header, count=sum(one.cells for one in words), about=f"Here: {said}.", **rows)


def column_findings(file: SubgroupFile, facts: ColumnFacts) -> Iterator[Finding]:
    """Findings about the columns of one file."""
    for column, found in sorted(facts.unmapped.items()):
        about = f"{_different(found.distinct)} {_known_values(file, column, facts.known.get(column, ()))}"
        header = file.header(column)
        cells = file.by_cells(header, found.texts)
        yield Finding("SUB506", file=file.name, column=header, count=found.cells, about=about, **cells)
    for column, found in sorted(facts.wrecked.items()):
        header = file.header(column)
        yield Finding("SUB548", file=file.name, column=header, count=found.cells, **file.by_cells(header, found.texts))
    for column, words in sorted(facts.blank_words.items()):
        header = file.header(column)
        yield blank_words_finding(file.name, header, words, **file.by_cells(header, [t for one in words for t in one.texts]))
    for column, texts in sorted(facts.open.items()):
        yield from _about_open(file, file.header(column), texts)


def _different(count: int) -> str:
    return "(One value.)" if count == 1 else f"({count} different values.)"


def _known_values(file: SubgroupFile, column: str, written: Collection[str]) -> str:
    """The values that are set up, as the file writes them or else the settings. Another text of a cell is a student's."""
    setting = file.column(column)
    by_key = {text.lower(): text for text in written}
    known = [by_key.get(text.strip().lower(), text) for text in (setting.values if setting else ())]
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"Agreed on: {', '.join(known[:_NAMED])}{more}."


def _about_open(file: SubgroupFile, column: str, texts: OpenTexts) -> Iterator[Finding]:
    said = f"{texts.distinct} different texts in {texts.cells} cells"
    is_ids = texts.distinct >= ID_LIKE * texts.cells or texts.student_ids > REPEATS_IDS * texts.cells
    if is_ids and texts.distinct > FEW_STUDENTS:
        about = f"{said}; {texts.student_ids} are student IDs of the file."
        yield Finding("SUB546", file=file.name, line=1, column=column, count=texts.distinct, about=about)
    elif texts.distinct > max(file.guards.subgroup_open_values, file.guards.subgroup_open_share * texts.cells):
        about = f"{said}; we tell you above {file.limit('subgroup_open_values')} and {file.limit('subgroup_open_share')}."
        yield Finding("SUB545", file=file.name, line=1, column=column, count=texts.distinct, about=about)
