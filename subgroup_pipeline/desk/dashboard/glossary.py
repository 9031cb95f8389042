"""What the columns of a report mean, in the words in which the dbt project describes them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

from subgroup_pipeline.publish.mart_tables import mart_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.desk.dashboard.download import Part

_ON_SCREEN = {
    "subgroup": "Subgroup",
    "value": "Value",
    "student_count": "Students",
    "total_students": "All students here",
    "student_share": "Share",
    "scored_students": "Students with a score",
    "mean_score_pct": "Mean score",
    "score_gap_pct": "Gap",
}
"""How pages call the columns that need an explanation."""


@dataclass(frozen=True)
class Term:
    """A column: how a page calls it, its name in the mart and in files, and what it means."""

    words: str
    column: str
    meaning: str


def glossary(parts: Sequence[Part]) -> list[Term]:
    """The columns that these parts of a page show, each once."""
    found: dict[str, Term] = {}
    for part in parts:
        meanings = _meanings().get(part.report, {})
        shown = {field.name for row in part.rows[:1] for field in fields(row)}
        for column, words in _ON_SCREEN.items():
            if column in shown and column in meanings and column not in found:
                found[column] = Term(words, column, meanings[column])
    return list(found.values())


@cache
def _meanings() -> dict[str, dict[str, str]]:
    """What each column means, by mart; the project's files are read once."""
    return {table.name: {name: column.meaning for name, column in table.columns.items()} for table in mart_tables()}
