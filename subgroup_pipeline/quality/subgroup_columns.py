"""What stands in the columns of subgroup files: values that are not set up, open columns that hold no group, Excel's errors.

Texts stay in memory, to find lines by; a finding has counts, lines, names from the settings, and words of a list of ours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

from subgroup_pipeline.districts.limits import FEW_STUDENTS, ID_LIKE, REPEATS_IDS
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.warehouse.sql_text import literals

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import duckdb

    from subgroup_pipeline.quality.cell_counts import CellCounts
    from subgroup_pipeline.quality.subgroup_file import RowsSought, SubgroupFile

_NAMED = 8
"""Known values that a finding lists."""
BLANK_WORDS = (
    "NULL", r"\N", "None", "nil", "NaN", "N/A", "NA", "not applicable", "n.a.", "blank", "empty", "(null)", "(blank)", "-", "--",
    "\u2013", "\u2014", ".", "?",
)  # fmt: skip
"""Words by which programs and people say that a cell is blank: never a student's own, so a finding may name them."""


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


def column_facts(session: duckdb.DuckDBPyConnection, cells: CellCounts) -> dict[str, ColumnFacts]:
    """Facts by delivery. Leaves `cells.counts`; reads `cells.replaced` and checks.file_key."""

    def rows(name: str) -> list[Any]:
        return session.execute(fact_query(f"subgroups/{name}", cells=cells)).fetchall()

    session.execute(fact_query("subgroups/cell_counts", cells=cells))
    facts: dict[str, ColumnFacts] = defaultdict(ColumnFacts)
    for delivery_id, column, text in rows("known"):
        facts[delivery_id].known.setdefault(column, []).append(text)
    for delivery_id, column, count, distinct, texts in rows("unmapped"):
        facts[delivery_id].unmapped[column] = Texts(count, distinct, tuple(texts))
    for delivery_id, column, count, distinct, texts in rows("wrecked"):
        facts[delivery_id].wrecked[column] = Texts(count, distinct, tuple(texts))
    for delivery_id, column, *counts in rows("open_texts"):
        facts[delivery_id].open[column] = OpenTexts(*counts)
    for delivery_id, columns in blank_words(session, cells).items():
        facts[delivery_id].blank_words = columns
    return facts


def blank_words(session: duckdb.DuckDBPyConnection, cells: CellCounts) -> dict[str, dict[str, list[BlankWord]]]:
    """By delivery and column: words that mean blank and became groups of an open column. Reads `cells.counts`."""
    found: dict[str, dict[str, list[BlankWord]]] = defaultdict(dict)
    query = fact_query("subgroups/blank_words", cells=cells, words=literals(BLANK_WORDS))
    for delivery_id, column, word, count, texts in session.execute(query).fetchall():
        found[delivery_id].setdefault(column, []).append(BlankWord(word, count, tuple(texts)))
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
