"""How subgroups differ from those of the live delivery that would be replaced: shares of values, blank cells, columns.

Both are read under the newest settings, so that a changed setting is not taken for a change of the students.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_file import NOT_REPORTED
from subgroup_pipeline.districts.limits import FEW_STUDENTS, limit_in_words
from subgroup_pipeline.findings.finding import Finding, columns_finding
from subgroup_pipeline.registry.delivery_record import ChangedStudents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.quality.subgroup_file import SubgroupFile

# Every value of every column that both files have, with its rows then and now; what moved by few students only is left out
# here already, as long as it did not vanish. Values of the settings are named as the files write them, texts of open columns
# are counted only.
_CHANGES = """
with total as (select delivery_id, source_column, sum(n) as n from checks.cell_count group by all),
pair as (
    select l.delivery_id, l.live_delivery_id, t.source_column, w.n as rows_before, t.n as rows_now
    from checks.live_file l
    join total t on t.delivery_id = l.delivery_id
    join total w on w.delivery_id = l.live_delivery_id and w.source_column = t.source_column
),
part as (
    select p.delivery_id, p.source_column, c.is_open, c.value, c.cell, c.cell is null as is_blank,
        c.is_known, c.delivery_id = p.delivery_id as is_now, c.n
    from pair p join checks.cell_count c
        on c.source_column = p.source_column and c.delivery_id in (p.delivery_id, p.live_delivery_id)
),
changed as (
    select delivery_id, source_column, is_open, value, false as is_blank, bool_or(is_known) as is_known,
        list_sort(list(distinct cell) filter (is_known)) as written,
        coalesce(sum(n) filter (not is_now), 0) as before, coalesce(sum(n) filter (is_now), 0) as now
    from part group by delivery_id, source_column, is_open, value
    union all
    select delivery_id, source_column, is_open, null, true, false, null,
        coalesce(sum(n) filter (not is_now), 0), coalesce(sum(n) filter (is_now), 0)
    from part where is_blank group by delivery_id, source_column, is_open
)
select delivery_id, source_column, is_open, is_blank, is_known, value, case when not is_open then written end,
    before::bigint, p.rows_before::bigint, now::bigint, p.rows_now::bigint
from changed join pair p using (delivery_id, source_column)
where abs(now - before * p.rows_now / p.rows_before) > $few or (now = 0 and is_known)
order by all
"""

# Students by id: new, with other cells, and gone. Cells stand in the order of the settings, whatever the header's is.
_STUDENTS = """
with was as (
    select l.delivery_id, hash(r.student_id) as id, min(hash(r.cells)) as content
    from checks.live_file l join warehouse.raw.subgroup_row r on r.delivery_id = l.live_delivery_id
    where r.student_id is not null group by all
), now as (
    select l.delivery_id, hash(r.student_id) as id, min(hash(r.cells)) as content
    from checks.live_file l join warehouse.raw.subgroup_row r using (delivery_id)
    where r.student_id is not null group by all
)
select delivery_id, count(*) filter (was.id is null), count(*) filter (was.content <> now.content),
    count(*) filter (now.id is null)
from was full join now using (delivery_id, id) group by all
"""


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


def drift_facts(session: duckdb.DuckDBPyConnection) -> dict[str, DriftFacts]:
    """Facts by delivery, of those that replace a live one and differ. Reads checks.cell_count and checks.live_file."""
    facts: dict[str, DriftFacts] = {}
    for delivery_id, column, *change in session.execute(_CHANGES, {"few": FEW_STUDENTS}).fetchall():
        facts.setdefault(delivery_id, DriftFacts()).changes.setdefault(column, []).append(ValueChange(*change))
    return facts


def changed_students(session: duckdb.DuckDBPyConnection) -> dict[str, ChangedStudents]:
    """Students of each file that replaces a live one, against that one. Reads checks.live_file."""
    rows = session.execute(_STUDENTS).fetchall()
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
