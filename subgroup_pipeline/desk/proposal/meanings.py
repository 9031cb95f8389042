"""What the cells of a column mean, as far as that is certain: the systems of codes that explain them, and what none explains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.proposal.catalogue import catalogue
from subgroup_pipeline.districts.subgroup_settings import NOT_REPORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from subgroup_pipeline.desk.proposal.catalogue import KnownSubgroup, Meaning, System

_ENOUGH = 2
"""Different cells that a system has to explain where it does not explain all of them."""


@dataclass(frozen=True)
class Meanings:
    """What is certain of a column's cells: `values` by cell; `unknown` cells mean nothing that is known, `unsure` several things.

    `blank` is what an empty cell means, where that is certain. `is_one_sided`: only one of yes and no was met, besides blanks.
    """

    values: Mapping[str, Meaning] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    unsure: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    blank: str = NOT_REPORTED
    blank_words: tuple[str, ...] = ()
    system: str = ""
    is_one_sided: bool = False


def meanings_of(cells: Iterable[str], has_blanks: bool, subgroup: KnownSubgroup) -> Meanings:
    """What these different cells of a column mean in a subgroup. Without `values` nothing is certain."""
    every = list(cells)
    words = tuple(cell for cell in every if cell.lower() in catalogue().blank_words)
    told = [cell for cell in every if cell not in words]
    system, others = _best(told, subgroup.systems)
    if system is None:
        return Meanings(unknown=tuple(told), blank_words=words)
    values, unsure, unknown = _read(told, system, others)
    if unknown and len(values) < _ENOUGH:
        return Meanings(unknown=tuple(told), blank_words=words)
    if system.blank and words:  # whether such a word is a blank cell or says something of its own is not known
        unknown, words = [*unknown, *words], ()
    met = {meaning.value for meaning in values.values()}
    return Meanings(
        values=values | _counterparts(values, system),
        unknown=tuple(unknown),
        unsure=unsure,
        blank=system.blank or NOT_REPORTED,
        blank_words=words,
        system=system.name,
        is_one_sided=has_blanks and not system.blank and met in ({"yes"}, {"no"}),
    )


def _best(cells: Sequence[str], systems: Sequence[System]) -> tuple[System | None, list[System]]:
    """The system to read the cells with, and the others whose word counts too.

    One that explains every cell goes before those that explain some. A tie of several that explain none is nothing.
    """
    if not cells:
        return None, []
    explained = {system.name: sum(system.code_of(cell) is not None for cell in cells) for system in systems}
    whole = [system for system in systems if explained[system.name] == len(cells)]
    if whole:
        return whole[0], whole[1:]
    parts = [system for system in systems if explained[system.name] and not system.is_sole]
    parts.sort(key=lambda system: -explained[system.name])
    if parts and explained[parts[0].name] >= max(_ENOUGH, len(cells) / 2):
        return parts[0], parts[1:]
    return None, []


def _read(
    cells: Sequence[str], system: System, others: Sequence[System]
) -> tuple[dict[str, Meaning], dict[str, tuple[str, ...]], list[str]]:
    """Cells with one meaning, cells with several, and cells with none.

    What only another system explains is taken where the two never contradict each other: Free and F, but not Y and P.
    """
    values: dict[str, Meaning] = {}
    unsure: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    codes = {system.code_of(cell) for cell in cells}
    rivals = [other for other in others if any(len(_said(cell, (system, other))) > 1 for cell in cells)]
    for cell in cells:
        said = _said(cell, (system, *others))
        code = system.code_of(cell)
        is_doubtful = code is not None and system.unless.get(code, code) not in codes
        if not said or (code is None and _said(cell, rivals)):
            unknown.append(cell)
        elif len(said) > 1 or None in said or is_doubtful:
            unsure[cell] = tuple(sorted({meaning.value for meaning in said if meaning}))
        else:
            values[cell] = next(meaning for meaning in said if meaning)
    return values, unsure, unknown


def _said(cell: str, systems: Iterable[System]) -> set[Meaning | None]:
    codes = ((system, system.code_of(cell)) for system in systems)
    return {system.codes[code] for system, code in codes if code is not None}


def _counterparts(values: Mapping[str, Meaning], system: System) -> dict[str, Meaning]:
    """The other one of yes and no, which a small sample may not have: who writes Y for yes writes N for no."""
    met = {cell.lower() for cell in values}
    found = {}
    for pair in system.pairs:
        for one, other in (pair, pair[::-1]):
            meaning = system.codes[other]
            if one in met and other not in met and meaning is not None:
                shown = next(cell for cell in values if cell.lower() == one)
                found[other.upper() if shown.isupper() else other.title() if shown.istitle() else other] = meaning
    return found
