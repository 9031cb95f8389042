"""The audit: every hidden count is looked at as an outsider does who has all that is shown and can solve linear programs.

For each hidden cell there must be other counts that agree with everything that is shown, in which the cell differs by enough
(`worlds.WIDTH`) and is no small group any more. Where there are none, the cheapest further cells are hidden. What cannot be
saved in that way is hidden whole, and so is everything that a solver gives no answer for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from subgroup_pipeline.disclosure.system import read_pieces
from subgroup_pipeline.disclosure.worlds import WIDTH, SolverError, Target, Worlds

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.disclosure.system import Flags, Piece, Places

_TURNS = 60


class Exposed(NamedTuple):
    """One cell to hide further, and why: it protects another one, or its whole line or place could not be saved."""

    key: int
    reason: str


def exposed(connection: duckdb.DuckDBPyConnection) -> list[Exposed]:
    """The cells to hide beyond those that the table `cell` hides, ordered by key; none if all that is hidden is protected.

    The table is not changed. Reads `cell` and `privacy` of the connection.
    """
    further: list[Exposed] = []
    for piece in read_pieces(connection):
        before = piece.hidden.copy()
        whole = _protect(piece)
        new = np.flatnonzero(piece.hidden & ~before)
        further += [Exposed(int(piece.key[at]), "audit_whole" if whole[at] else "audit") for at in new]
    return sorted(further)


def _protect(piece: Piece) -> Flags:
    """Hide more of one piece until every hidden count is proved; gives the cells that were hidden because all else failed."""
    whole = np.zeros(len(piece.key), dtype=bool)
    worlds = Worlds(piece)
    try:
        for _ in range(_TURNS):
            found = worlds.search()
            if not len(found):
                return whole
            before = piece.hidden.sum()
            _mend(worlds, found, whole)
            if piece.hidden.sum() == before:  # no whole numbers do what fractions can
                worlds.lost[found] = True
                line = np.isin(piece.line, worlds.of_first_cell(piece.line)[found]) & ~piece.hidden
                whole |= line
                piece.hidden |= line
            worlds.restrict()
    except SolverError:
        pass
    whole |= ~piece.hidden
    piece.hidden[:] = True
    return whole


def _mend(worlds: Worlds, found: Places, whole: Flags) -> None:
    """Hide what protects these exposed counts: those of different subgroups together if possible, else one by one.

    Counts of one subgroup are in each other's way when they have to move at the same time, which would hide more than is needed.
    """
    piece = worlds.piece
    subgroups = worlds.of_first_cell(piece.subgroup)[found]
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
    worlds.lost[target] = True
    line = np.isin(piece.line, piece.line[worlds.targets[[target]].nonzero()[1]]) & ~piece.hidden
    whole |= line
    piece.hidden |= line


def _wanted(worlds: Worlds, target: int) -> list[Target]:
    """How a count may be moved so that it is protected, the usual way first."""
    truth, minimum = worlds.truth[target], worlds.piece.minimum
    if 0 < truth < minimum:
        return [Target(target, max(minimum - truth, WIDTH))]
    return [Target(target, WIDTH), Target(target, -WIDTH)]
