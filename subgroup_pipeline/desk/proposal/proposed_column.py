"""What is proposed for one column of a sample: taken with its meanings, asked about, or left out without a question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from subgroup_pipeline.desk.proposal.catalogue import catalogue
from subgroup_pipeline.desk.proposal.meanings import Meanings, meanings_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from subgroup_pipeline.desk.proposal.catalogue import KnownSubgroup
    from subgroup_pipeline.desk.proposal.sample import SampleColumn

State = Literal["taken", "asked", "left_out"]
_SHOWN = 12
"""Different cells that are shown of a column whose meaning is not known."""


@dataclass(frozen=True)
class ProposedColumn:
    """One column. `counts` are the cells that may be shown, with how often they were met; `hidden` others are not."""

    name: str
    state: State
    why: str
    filled: int
    blank: int
    distinct: int
    subgroup: KnownSubgroup | None = None
    meanings: Meanings = field(default_factory=Meanings)
    counts: dict[str, int] = field(default_factory=dict)
    questions: tuple[str, ...] = ()

    @property
    def hidden(self) -> int:
        """Different cells that are not shown, because they may be people's own."""
        return self.distinct - len(self.counts)

    def asked(self, question: str) -> ProposedColumn:
        """The same column, left out until a question is answered."""
        return replace(self, state="asked", questions=(question, *self.questions))


def propose_columns(columns: Iterable[SampleColumn], repeated: Collection[str]) -> tuple[ProposedColumn, ...]:
    """What is proposed for all columns but the student ID's; `repeated` are headers that stand twice."""
    proposed = [_propose(column) for column in columns]
    taken = Counter(one.subgroup.name for one in proposed if one.state == "taken" and one.subgroup)
    return tuple(
        _twice(one) if one.name in repeated else _several(one, proposed) if _is_one_of_several(one, taken) else one
        for one in proposed
    )


def _is_one_of_several(one: ProposedColumn, taken: Counter[str]) -> bool:
    return one.state == "taken" and one.subgroup is not None and taken[one.subgroup.name] > 1


def _twice(one: ProposedColumn) -> ProposedColumn:
    return one.asked(f"Two columns are called `{one.name}`; which one is meant? Have one of them renamed.")


def _several(one: ProposedColumn, proposed: Sequence[ProposedColumn]) -> ProposedColumn:
    assert one.subgroup is not None  # noqa: S101 - see _is_one_of_several
    rivals = [other.name for other in proposed if other.subgroup is one.subgroup and other.state == "taken"]
    return one.asked(f"{', '.join(f'`{name}`' for name in rivals)} all seem to be {one.subgroup.name}; which one is to be used?")


def _propose(column: SampleColumn) -> ProposedColumn:
    naming = catalogue().naming(column.name)
    shown = column.counts if column.is_repeated and column.distinct <= _SHOWN else {}
    one = ProposedColumn(column.name, "asked", "", column.filled, column.blank, column.distinct, naming.subgroup, counts=shown)
    if not column.name:
        return replace(one, state="left_out", why="It has no name.")
    if naming.way in ("other", "student_id"):
        return replace(one, state="left_out", why="This is no subgroup, by its name.", counts={})
    if naming.way == "ambiguous":
        return replace(one, why="The name is used for several things.").asked(f"What does `{column.name}` say of a student?")
    if naming.subgroup is None:
        return replace(one, why="The name is not known.").asked(f"Is `{column.name}` a subgroup, and which one?")
    if naming.way == "like":
        why = f"The name is somewhat like usual names of {naming.subgroup.name}."
        return replace(one, why=why).asked(f"Is `{column.name}` {naming.subgroup.name}?")
    how = "is a usual name of" if naming.way == "usual" else "is nearly a usual name of"
    return _with_meanings(replace(one, why=f"`{column.name}` {how} {naming.subgroup.name}."), column, naming.subgroup)


def _with_meanings(one: ProposedColumn, column: SampleColumn, subgroup: KnownSubgroup) -> ProposedColumn:
    """A column whose subgroup is known, with what its cells mean."""
    if not column.filled:
        return one.asked(f"Every cell of `{one.name}` is blank in this sample; what will stand there?")
    if subgroup.is_open:
        words = tuple(cell for cell in column.counts if cell.lower() in catalogue().blank_words)
        return replace(one, state="taken", meanings=Meanings(blank_words=words), why=f"{one.why} Any text is taken, as written.")
    if not column.counts:
        return one.asked(f"`{one.name}` has {column.distinct} different cells, more than codes would have; what do they mean?")
    found = meanings_of(column.counts, column.blank > 0, subgroup)
    one = replace(one, meanings=found, counts=_shown(column, found))
    if not found.values:
        may_be = ", ".join(f"`{cell}` may be {' or '.join(values)}" for cell, values in found.unsure.items() if values)
        why = f"Several lists of codes have them: {may_be}." if may_be else f"No list that is known for {subgroup.name} has them."
        return one.asked(f"What do the cells of `{one.name}` mean? {why}")
    return replace(
        one, state="taken", questions=tuple(_questions(one)), why=f"{one.why} Its cells are of the list `{found.system}`."
    )


def _shown(column: SampleColumn, found: Meanings) -> dict[str, int]:
    """The cells that may be shown: codes that are known, and the others of a column that is no list of people's own texts."""
    known = {cell: count for cell, count in column.counts.items() if cell not in found.unknown}
    is_of_codes = column.distinct <= _SHOWN and 2 * sum(known.values()) >= column.filled
    return column.counts if is_of_codes or column.is_repeated else known


def _questions(one: ProposedColumn) -> Iterable[str]:
    found = one.meanings
    for cell, values in found.unsure.items():
        may_be = f" It may be {' or '.join(values)}." if values else ""
        yield f"What does `{cell}` in `{one.name}` mean?{may_be} Until then it counts as not_reported."
    if unknown := [cell for cell in found.unknown if cell in one.counts]:
        cells = ", ".join(f"`{cell}`" for cell in unknown)
        yield f"What does {cells} in `{one.name}` mean? Until then it counts as not_reported."
    if hidden := len(found.unknown) - len(unknown):
        yield f"What do {hidden} more different cells of `{one.name}` mean? They are not shown, since they may be people's own."
    if found.is_one_sided:
        met = next(iter(found.values))
        yield f"Beside `{met}` the cells of `{one.name}` are blank: does blank mean the opposite, or that nothing is known?"
