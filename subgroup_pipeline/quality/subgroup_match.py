"""Student IDs of subgroup files against rosters: how many match both ways, and rows that no report can use.

A fact is counted for all deliveries of the run in one query; `match_findings` says what it means for one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.districts.limits import FEW_ROWS, FEW_STUDENTS, share_in_words
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.set_aside import rows_not_landed
from subgroup_pipeline.quality.check_session import fact_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from subgroup_pipeline.quality.cell_counts import CellCounts
    from subgroup_pipeline.quality.subgroup_file import SubgroupFile


@dataclass
class MatchFacts:
    """Rows and distinct student IDs of a file, how many match one active student, and students of the roster.

    `unknown` IDs are nobody's in the roster; the rest are those of people who are not active students, or of two.
    `repeated_rows` are equal to an earlier one, with the first of their ids; `conflicting_rows` are of a student
    of the roster and contradict another row; `absent_ids` are the first of the students whom no ID meets, in whatever writing.
    """

    keys: int
    matched: int
    students: int
    unknown: int = 0
    ambiguous_rows: int = 0
    rows: int = 0
    blank_ids: int = 0
    repeated_rows: int = 0
    repeated_ids: tuple[str, ...] = field(default=(), repr=False)
    conflicting_rows: int = 0
    absent_ids: tuple[str, ...] = field(default=(), repr=False)
    students_before: int = 0
    students_removed: int = 0

    @property
    def match_rate(self) -> float:
        """Share of 1; 0 for a file without ids."""
        return self.matched / self.keys if self.keys else 0.0

    @property
    def absent_students(self) -> int:
        """Active students of the roster who are not in the file."""
        return self.students - self.matched

    def is_below(self, share: float) -> bool:
        """Whether the match rate is too low. A few ids are no reason, unless they are most of the file."""
        return self.match_rate < share and (self.keys - self.matched > FEW_ROWS or self.match_rate < 0.5)

    def in_words(self) -> str:
        """How many ids match, and what the others are."""
        others = self.keys - self.matched - self.unknown
        inactive = f"{others} belong to people of the roster who are not active students, " if others else ""
        rest = f" {inactive}{self.unknown} are not in the roster;" if others else ""
        return f"{self.matched} of {self.keys} do ({share_in_words(self.match_rate)});{rest}"


def note_keys(session: duckdb.DuckDBPyConnection) -> None:
    """Leave checks.file_key and checks.unmet_key: what the facts about ids are counted from."""
    session.execute(fact_query("subgroups/keys"))


def match_facts(session: duckdb.DuckDBPyConnection, cells: CellCounts) -> dict[str, MatchFacts]:
    """Facts of every subgroup file of the run, by delivery.

    Reads what `note_keys` leaves, checks.likely_key and `cells.replaced`.
    """

    def rows(name: str) -> list[Any]:
        return session.execute(fact_query(f"subgroups/{name}", cells=cells)).fetchall()

    facts = {row[0]: MatchFacts(*row[1:]) for row in rows("match")}
    for delivery_id, count, blank in rows("rows"):
        facts[delivery_id].rows, facts[delivery_id].blank_ids = count, blank
    for delivery_id, repeated, ids, conflicting in rows("repeated"):
        found = facts[delivery_id]
        found.repeated_rows, found.repeated_ids, found.conflicting_rows = repeated, tuple(ids or ()), conflicting
    for delivery_id, ids in rows("absent"):
        if delivery_id in facts:
            facts[delivery_id].absent_ids = tuple(ids)
    for delivery_id, before, removed in rows("removed"):
        facts[delivery_id].students_before, facts[delivery_id].students_removed = before, removed
    return facts


def match_findings(file: SubgroupFile, facts: MatchFacts, *, is_explained: bool, absent: int) -> Iterator[Finding]:
    """Findings about one file. `is_explained`: another finding says why the ids do not match, so none says that they don't.

    `absent` are the students of whom no other finding says why no ID meets them.
    """
    may_be_absent = 0
    if not is_explained:
        rate = list(_about_rate(file, facts))
        # Each of these ids may be that of an absent student; what follows from them is not said again.
        may_be_absent = facts.unknown if rate else 0
        yield from rate
    yield from _about_students(file, facts, absent, may_be_absent)
    if facts.repeated_rows:
        ids = file.by_ids(facts.repeated_ids)
        yield Finding("SUB522", file=file.name, column=file.id_column, count=facts.repeated_rows, **ids)
    yield from _about_rows(file, facts)


def _about_rate(file: SubgroupFile, facts: MatchFacts) -> Iterator[Finding]:
    unmatched = facts.keys - facts.matched
    if facts.is_below(file.guards.match_rate):
        about = f"{facts.in_words()} at least {file.limit('match_rate')} should."
        yield Finding("SUB508", file=file.name, column=file.id_column, count=unmatched, about=about)
    elif facts.match_rate < file.guards.subgroup_match_warning and unmatched > FEW_ROWS:
        about = f"{facts.in_words()} below {file.limit('subgroup_match_warning')} we tell you."
        yield Finding("SUB519", file=file.name, column=file.id_column, count=unmatched, about=about)


def _about_students(file: SubgroupFile, facts: MatchFacts, absent: int, may_be_absent: int) -> Iterator[Finding]:
    """Students who are not in the file: the gravest finding names them."""
    if not absent:
        return
    removed = min(facts.students_removed, absent)
    if absent - may_be_absent > max(FEW_STUDENTS, file.guards.subgroup_absent_students * facts.students):
        about = f"{absent} of {facts.students} are not; at most {file.limit('subgroup_absent_students')} may be absent."
        yield Finding("SUB520", file=file.name, count=absent, about=about, keys=facts.absent_ids)
        return
    if removed - may_be_absent > max(FEW_STUDENTS, file.guards.subgroup_removed_students * facts.students_before):
        about = f"{removed} of {facts.students_before} are; at most {file.limit('subgroup_removed_students')} may be missing."
        yield Finding("SUB521", file=file.name, count=removed, about=about)
    about = f"{absent} of {facts.students} students."
    yield Finding("SUB507", file=file.name, count=absent, about=about, keys=facts.absent_ids)


def _about_rows(file: SubgroupFile, facts: MatchFacts) -> Iterator[Finding]:
    """Rows set aside for what is in the file itself; ids that match nobody are judged by the match rate.

    A few are let through, but never when they are more than half of the file.
    """
    not_landed = rows_not_landed(file.delivery, file.name)
    aside = facts.blank_ids + facts.conflicting_rows + facts.ambiguous_rows + not_landed
    rows = facts.rows + not_landed
    if aside > max(FEW_STUDENTS, file.guards.subgroup_rows_held * rows):
        is_worst = aside > file.guards.subgroup_rows_rejected * rows
        code, guard = ("SUB524", "subgroup_rows_rejected") if is_worst else ("SUB523", "subgroup_rows_held")
        about = f"{aside} of {rows} rows; at most {file.limit(guard)} may be."
        yield Finding(code, file=file.name, column=file.id_column, count=aside, about=about)
    elif 2 * aside > rows:
        about = f"{aside} of {rows} rows; more than half of a file is never let through."
        yield Finding("SUB523", file=file.name, column=file.id_column, count=aside, about=about)
