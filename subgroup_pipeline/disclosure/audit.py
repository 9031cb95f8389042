"""The audit: every hidden count is looked at as an outsider does who has all that is shown and can solve linear programs.

For each hidden cell there must be other counts that agree with everything that is shown, in which the cell differs by enough
(`worlds.WIDTH`) and is no small group any more. Where there are none, the cheapest further cells are hidden. What cannot be
saved in that way is hidden whole, and so is everything that a solver gives no answer for.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from subgroup_pipeline.disclosure.further import Further
from subgroup_pipeline.disclosure.program import SolverError
from subgroup_pipeline.disclosure.system import COURSE, System
from subgroup_pipeline.disclosure.worlds import Worlds

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.disclosure.system import Flags, Piece, Places

_TURNS = 200


class Exposed(NamedTuple):
    """One cell to hide further, and why: it protects another one, or its whole line or place could not be saved."""

    key: int
    reason: str


def exposed(connection: duckdb.DuckDBPyConnection) -> list[Exposed]:
    """The cells to hide beyond those that the table `cell` hides, ordered by key; none if all that is hidden is protected.

    The table is not changed. Reads `cell` and `privacy` of the connection.
    """
    system = System(connection)
    (threads,) = connection.execute("select current_setting('threads')").fetchone() or (1,)
    # The solver lets other threads run while it solves.
    with ThreadPoolExecutor(int(threads)) as pool:
        found = pool.map(lambda number: _protected_or_hidden(system.piece(number)), range(system.size))
        return sorted(one for further in found for one in further)


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
    further = Further(worlds)
    for _ in range(_TURNS):
        found = worlds.search()
        if not len(found):
            new = np.flatnonzero(piece.hidden & ~before)
            return [Exposed(int(piece.key[at]), "audit_whole" if whole[at] else "audit") for at in new]
        hidden = piece.hidden.sum()
        left = _mend(worlds, further, found, whole)
        if piece.hidden.sum() == hidden and len(left):
            _give_up(worlds, worlds.ask(left), whole)  # no whole numbers do what fractions can
    msg = f"{_TURNS} turns were not enough"
    raise SolverError(msg)


def _give_up(worlds: Worlds, targets: Places, whole: Flags) -> None:
    """Hide the lines of these counts whole, and ask for them no more."""
    piece = worlds.piece
    worlds.lost[targets] = True
    line = np.isin(piece.line, worlds.of_first_cell(piece.line)[targets]) & ~piece.hidden
    whole |= line
    piece.hidden |= line


def _mend(worlds: Worlds, further: Further, found: Places, whole: Flags) -> Places:
    """Hide what protects these counts, one after another; gives those that are still unproved.

    What protects one of them may prove others of them too. Courses come when nothing else is left: most of their counts move as
    soon as those of their school may.
    """
    is_course = worlds.of_first_cell(worlds.piece.tier)[found] == COURSE
    turn = found if is_course.all() else found[~is_course]
    for target in turn:
        if worlds.unproved()[target] and not further.protect(int(target)):
            _give_up(worlds, np.array([target]), whole)
    return turn[worlds.unproved()[turn]]
