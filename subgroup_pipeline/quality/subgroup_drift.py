"""How subgroups differ from those of the live delivery that would be replaced: shares of values, blank cells, columns.

Both are read under the newest settings, so that a changed setting is not taken for a change of the students.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_file import NOT_REPORTED
from subgroup_pipeline.districts.limits import FEW_STUDENTS, limit_in_words
from subgroup_pipeline.findings.finding import Finding, columns_finding
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.registry.delivery_record import ChangedStudents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.quality.cell_counts import CellCounts
    from subgroup_pipeline.quality.subgroup_file import SubgroupFile


@dataclass(frozen=True)
class ValueChange:
    """A value's rows in the live file and in this one; `value` is None for blank cells.

    `is_known` says that the settings name the text, so that somebody expects it; `written` are the writings of such a text in
    both files, none for an open column.
    """

    is_open: bool
    is_blank: bool
    is_known: bool
    value: str | None = field(repr=False)
    written: list[str] | None
    before: int
    rows_before: int
    now: int
    rows_now: int

    @property
    def expected(self) -> float:
        """Rows that would have it now if its share were the same."""
        return self.before * self.rows_now / self.rows_before

    @property
    def students(self) -> float:
        """By how many rows it moved."""
        return abs(self.now - self.expected)

    def is_more_than(self, share: float) -> bool:
        """Whether it moved by more than this share of itself, and by more than a few students."""
        return self.students > FEW_STUDENTS and self.students > share * self.expected

    def in_words(self) -> str:
        """Counts then and now; a value of the settings is named."""
        name = f"`{'`, `'.join(self.written)}`: " if self.written else ""
        return f"{name}{self.before} of {self.rows_before} rows before, {self.now} of {self.rows_now} now"


@dataclass
class DriftFacts:
    """Changes by column, in canonical form."""

    changes: dict[str, list[ValueChange]] = field(default_factory=dict)


def drift_facts(session: duckdb.DuckDBPyConnection, cells: CellCounts) -> dict[str, DriftFacts]:
    """Facts by delivery, of those that replace a live one and differ. Reads both tables of `cells`."""
    query = fact_query("subgroups/value_changes", cells=cells, few=FEW_STUDENTS)
    facts: dict[str, DriftFacts] = {}
    for delivery_id, column, *change in session.execute(query).fetchall():
        facts.setdefault(delivery_id, DriftFacts()).changes.setdefault(column, []).append(ValueChange(*change))
    return facts


def changed_students(session: duckdb.DuckDBPyConnection, cells: CellCounts) -> dict[str, ChangedStudents]:
    """Students of each file that replaces a live one, against that one. Reads `cells.replaced`."""
    rows = session.execute(fact_query("subgroups/changed_students", cells=cells)).fetchall()
    return {row[0]: ChangedStudents(new=row[1], changed=row[2], removed=row[3]) for row in rows}


def drift_findings(file: SubgroupFile, facts: DriftFacts) -> Iterator[Finding]:
    """Findings about one file against the live one, each column with its gravest only."""
    for column, changes in facts.changes.items():
        found = column_drift(file.settings, file.name, file.header(column), changes)
        if found is not None:
            yield found
    yield from _about_header(file)


def column_drift(settings: DistrictSettings, file: str, column: str, changes: Sequence[ValueChange]) -> Finding | None:
    """The gravest finding about the values of one column, if any."""
    guards = settings.guards
    blank = next((change for change in changes if change.is_blank), None)
    if blank is not None and blank.now - blank.expected > max(FEW_STUDENTS, guards.subgroup_blank_growth * blank.rows_now):
        more = f"{limit_in_words(settings, 'subgroup_blank_growth')} more of the rows may be."
        return _finding("SUB547", file, column, [blank], more)
    values = [change for change in changes if not change.is_blank]
    least = guards.subgroup_vanished_value
    vanished = [c for c in values if c.is_known and not c.is_open and not c.now and c.before > least and c.rows_now > least]
    if vanished:
        return _finding(
            "SUB541", file, column, vanished, f"At most {limit_in_words(settings, 'subgroup_vanished_value')} students may."
        )
    # not_reported is no group: more blanks are told above, and values that are not set up are a warning of their own.
    moved = [c for c in values if c.is_more_than(guards.subgroup_share_change) and c.value != NOT_REPORTED]
    if not moved:
        return None
    limit = limit_in_words(settings, "subgroup_share_change")
    usual = f"A change of up to {limit} of a group, or of {FEW_STUDENTS} students, is usual."
    return _finding("SUB542" if moved[0].is_open else "SUB540", file, column, moved, usual)


def _finding(code: str, file: str, column: str, changes: Sequence[ValueChange], limit: str) -> Finding:
    """A finding about a whole column: its line is the header's, its count the rows of the change gravest for its group."""
    worst = max(changes, key=lambda change: change.students / max(change.expected, 1))
    others = f", and {len(changes) - 1} more like it" if len(changes) > 1 else ""
    about = f"({worst.in_words()}{others}.) {limit}"
    return Finding(code, file=file, line=1, column=column, count=round(worst.students), about=about)


def _about_header(file: SubgroupFile) -> Iterator[Finding]:
    """Columns that came or went since the live file, by what landing said of both."""
    if file.live is None:
        return
    missing_before = file.columns_with("HDR004", in_live=True)
    if gone := [header for name, header in file.columns_with("HDR004").items() if name not in missing_before]:
        yield columns_finding("SUB543", file.name, gone)
    known = file.columns_with("HDR003", in_live=True)
    new = [header for name, header in file.columns_with("HDR003").items() if name not in known]
    if new and file.names_all("HDR003", in_live=True):
        yield columns_finding("SUB544", file.name, new)
