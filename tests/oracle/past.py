"""The history of one district, recomputed in plain Python from what each of its builds comes to by the newest settings.

Docs/architecture.md has the rules: rows are half-open, one begins where a value or being active changed, and there is none while
a student is not active.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Values = dict[tuple[str, str], str]
"""(student, subgroup) to value."""


@dataclass(frozen=True)
class State:
    """What held from one build on: the value of each active student, and the delivery that said so, if one did."""

    since: datetime
    values: Values
    said_by: Mapping[tuple[str, str], str | None]


@dataclass(frozen=True)
class Stretch:
    """A row of the history without its key."""

    valid_to: datetime | None
    value: str
    said_by: str | None


def history_of(states: Sequence[State]) -> dict[tuple[str, str, datetime], Stretch]:
    """(student, subgroup, valid_from) to the row, of states that follow each other."""
    rows: dict[tuple[str, str, datetime], Stretch] = {}
    begun: dict[tuple[str, str], State] = {}
    for state in states:
        for at, first in list(begun.items()):
            if state.values.get(at) != first.values[at]:
                rows[*at, first.since] = Stretch(state.since, first.values[at], first.said_by[at])
                del begun[at]
        for at in state.values:
            begun.setdefault(at, state)
    return rows | {(*at, first.since): Stretch(None, first.values[at], first.said_by[at]) for at, first in begun.items()}


def changes_of(states: Sequence[State]) -> Counter[tuple[datetime, str, str | None, str | None]]:
    """(when, subgroup, from, to) to the students who went that way; nothing stands for not being active."""
    changes: Counter[tuple[datetime, str, str | None, str | None]] = Counter()
    before: Values = {}
    for state in states:
        for student, subgroup in before.keys() | state.values.keys():
            step = before.get((student, subgroup)), state.values.get((student, subgroup))
            if step[0] != step[1]:
                changes[state.since, subgroup, *step] += 1
        before = state.values
    return changes


def held_at(states: Sequence[State], moment: datetime) -> Values:
    """The values that held just before a moment."""
    return next((state.values for state in reversed(states) if state.since < moment), {})
