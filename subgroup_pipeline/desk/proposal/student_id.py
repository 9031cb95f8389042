"""Which column of a sample has the student's ID, and which field of the roster it equals: certain, or a question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.proposal.catalogue import catalogue
from subgroup_pipeline.desk.proposal.roster_fields import MATCH_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.desk.proposal.roster_fields import FieldRate, RosterFacts
    from subgroup_pipeline.desk.proposal.sample import SampleColumn


@dataclass(frozen=True)
class StudentId:
    """The column and the field, empty where they are not certain, with the rates that were found and what is to be asked."""

    column: str = ""
    matches: str = ""
    rates: tuple[FieldRate, ...] = ()
    questions: tuple[str, ...] = ()


def id_candidates(columns: Sequence[SampleColumn]) -> list[SampleColumn]:
    """Columns that may be the ID, those named so first: of the others each whose cells are mostly one row's own."""
    named = [column for column in columns if column.filled and catalogue().naming(column.name).way == "student_id"]
    others = [column for column in columns if column not in named and column.name and 2 * column.distinct > column.filled]
    return [*named, *(column for column in others if catalogue().naming(column.name).way in ("unknown", "other"))]


def student_id(columns: Sequence[SampleColumn], facts: RosterFacts | None, problem: str = "") -> StudentId:
    """Tell the ID from the roster where there is one, else from the names. `problem` says why a roster could not be read."""
    named = [column.name for column in columns if catalogue().naming(column.name).way == "student_id" and column.filled]
    by_name = StudentId(named[0] if len(named) == 1 else "")
    if not by_name.column:
        which = f"{', '.join(f'`{name}`' for name in named)} may all be it" if named else "No column is named as one"
        by_name = replace(by_name, questions=(f"Which column has the student's ID? {which}.",))
    if facts is None:
        how = problem or "Without a roster it cannot be told: give one, or ask the district."
        return _asking(by_name, f"Which roster field does the ID equal? {how}")
    if not facts.students:
        return _asking(by_name, "Which roster field does the ID equal? The roster has no active student.")
    return _from_rates(by_name, facts)


def _from_rates(by_name: StudentId, facts: RosterFacts) -> StudentId:
    best = facts.rates[0] if facts.rates else None
    by_name = replace(by_name, rates=_shown(facts.rates, best, by_name.column))
    if best is None or best.rate < MATCH_RATE:
        hint = _hint(facts.rates)
        return _asking(by_name, f"Which roster field does the ID equal? No field matches {MATCH_RATE:.0%} of the IDs.{hint}")
    if facts.contradicted:
        rivals = ", ".join(f"`{field}` (from `{column}`)" for column, field in sorted(facts.contradicted))
        question = f"Is the ID `{best.field}`? So it seems, but {rivals} fits too, and names other students."
        return _asking(by_name, question)
    return StudentId(best.column, best.field, _shown(facts.rates, best, best.column))


def _asking(by_name: StudentId, question: str) -> StudentId:
    return replace(by_name, questions=(*by_name.questions, question))


def _shown(rates: Sequence[FieldRate], best: FieldRate | None, column: str) -> tuple[FieldRate, ...]:
    """The rates of the column that is taken, and of others whatever matches at all."""
    return tuple(one for one in rates if one is best or one.column == column or one.matched or one.without_zeros)


def _hint(rates: Sequence[FieldRate]) -> str:
    """What would match if the IDs were written as in the roster."""
    best = max(rates, key=lambda one: one.matched + one.without_zeros, default=None)
    if best is None or not best.without_zeros or best.matched + best.without_zeros < MATCH_RATE * best.ids:
        return ""
    return (
        f" {best.matched + best.without_zeros} of {best.ids} IDs of `{best.column}` would match `{best.field}` if leading zeros "
        "and capital letters did not count; they do, so have the IDs exported as text."
    )
