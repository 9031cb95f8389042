"""The audit: every hidden count is looked at as an outsider does who has all that is shown and can solve linear programs.

For each hidden cell there must be other counts that agree with everything that is shown, in which the cell differs by enough
(`worlds.WIDTH`) and is no small group any more. Where there are none, the cheapest further cells are hidden. What cannot be
saved in that way is hidden whole, and so is everything that a solver gives no answer for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from subgroup_pipeline.disclosure.program import SolverError
from subgroup_pipeline.disclosure.system import System
from subgroup_pipeline.disclosure.worlds import WIDTH, Target, Worlds

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.disclosure.system import Flags, Piece, Places

_TURNS = 200
_CELLS_AT_A_TIME = 10000
"""Hidden cells in one program: many districts share what it costs to call the solver."""


class Exposed(NamedTuple):
    """One cell to hide further, and why: it protects another one, or its whole line or place could not be saved."""

    key: int
    reason: str


def exposed(connection: duckdb.DuckDBPyConnection) -> list[Exposed]:
    """The cells to hide beyond those that the table `cell` hides, ordered by key; none if all that is hidden is protected.

    The table is not changed. Reads `cell` and `privacy` of the connection.
    """
    system = System(connection)
    further: list[Exposed] = []
    for piece, numbers in system.pieces(_CELLS_AT_A_TIME):
        try:
            further += _protected(piece)
        except SolverError:
            for number in numbers:
                further += _protected_or_hidden(system.piece(range(number, number + 1)))
    return sorted(further)


def _protected_or_hidden(piece: Piece) -> list[Exposed]:
    """What protects the piece, or all of it where the solver gives no answer."""
    try:
        return _protected(piece)
    except SolverError:
        return [Exposed(int(key), "audit_whole") for key in piece.key[~piece.hidden]]


def _protected(piece: Piece) -> list[Exposed]:
    """Hide more of a piece until every hidden count is proved; gives what was hidden. Raises SolverError."""
    before = piece.hidden.copy()
    whole = np.zeros(len(piece.key), dtype=bool)
    worlds = Worlds(piece)
    for _ in range(_TURNS):
        found = worlds.search()
        if not len(found):
            new = np.flatnonzero(piece.hidden & ~before)
            return [Exposed(int(piece.key[at]), "audit_whole" if whole[at] else "audit") for at in new]
        hidden = piece.hidden.sum()
        _mend(worlds, found, whole)
        if piece.hidden.sum() == hidden:  # no whole numbers do what fractions can
            _give_up(worlds, found, whole)
        worlds.restrict()
    msg = f"{_TURNS} turns were not enough"
    raise SolverError(msg)


def _give_up(worlds: Worlds, targets: Places, whole: Flags) -> None:
    """Hide the lines of these counts whole, and ask for them no more."""
    piece = worlds.piece
    worlds.lost[targets] = True
    line = np.isin(piece.line, worlds.of_first_cell(piece.line)[targets]) & ~piece.hidden
    whole |= line
    piece.hidden |= line


def _mend(worlds: Worlds, found: Places, whole: Flags) -> None:
    """Hide what protects these exposed counts: those of different subgroups together if possible, else one by one.

    Counts of one subgroup are in each other's way when they have to move at the same time, which would hide more than is needed.
    """
    piece = worlds.piece
    subgroups = worlds.of_first_cell(piece.about)[found]
    while len(found):
        _, first = np.unique(subgroups, return_index=True)
        turn = found[first]
        together = worlds.to_hide([_wanted(worlds, int(target))[0] for target in turn])
        if together is None:
            for target in turn:
                _mend_one(worlds, int(target), whole)
        else:
            piece.hidden[together] = True
        found, subgroups = np.delete(found, first), np.delete(subgroups, first)


def _mend_one(worlds: Worlds, target: int, whole: Flags) -> None:
    """Hide what protects one exposed count, or all of its line if nothing does."""
    piece = worlds.piece
    choices = [worlds.to_hide([wanted]) for wanted in _wanted(worlds, target)]
    possible = [cells for cells in choices if cells is not None]
    if possible:
        piece.hidden[min(possible, key=lambda cells: float(piece.price[cells].sum()))] = True
        return
    _give_up(worlds, np.array([target]), whole)


def _wanted(worlds: Worlds, target: int) -> list[Target]:
    """How a count may be moved so that it is protected, the usual way first."""
    truth, minimum = worlds.truth[target], worlds.minimum[target]
    if 0 < truth < minimum:
        return [Target(target, max(minimum - truth, WIDTH))]
    return [Target(target, WIDTH), Target(target, -WIDTH)]
