"""How much leeway cells have: a search by linear programs for worlds in which they move while all others stand still.

A world that was found proves something whatever the solver did: it is rounded and put into the equations before it is believed.
So a fault of the solver can only make a cell look less protected than it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from subgroup_pipeline.disclosure.program import NEARLY, TOLERANCE, Farthest
from subgroup_pipeline.disclosure.system import FARTHEST

if TYPE_CHECKING:
    from subgroup_pipeline.disclosure.system import Flags, Numbers, Places
    from subgroup_pipeline.disclosure.worlds import Worlds

_NODES = 500
"""Branches after which the search for whole numbers is given up: work and not time, so that every machine hides the same."""
_SEED = 14
_SHARE = 0.3
"""The part of the open counts that one look by chance asks for; of 0.1 to 1, this left the fewest open."""
_MANY, _PAYS, _MISSES = 10, 3, 12
"""Looks by chance go on while so many counts are open, until so few were proved by a look, so many times."""
_TOGETHER = 300
"""Cells that one program has at least, if there are so many: small parts share what it costs to call the solver."""


class Leeway:
    """The worlds in which some cells move and all others stand still, to be looked through."""

    def __init__(self, worlds: Worlds, moving: Flags) -> None:
        piece = worlds.piece
        self._worlds = worlds
        self._moving: Places = np.flatnonzero(moving)
        self._of_moving: csr_array = csr_array(worlds.targets[:, self._moving])
        self._least = np.maximum(piece.least - piece.count, -FARTHEST)[self._moving]
        self._most = np.full(len(self._moving), FARTHEST)
        equations = csr_array(piece.equations[:, self._moving])
        binding = _binding(equations, (piece.low, piece.high), (self._least, self._most))
        self._equations: csr_array = csr_array(equations[binding])
        self._low, self._high = piece.low[binding], piece.high[binding]
        self._part: Places = _parts(self._equations)
        # The part that a target hangs in; a difference hangs in that of one of its cells.
        self._part_of: Places = np.full(len(worlds.truth), -1, dtype=np.int64)
        rows, columns = self._of_moving.nonzero()
        self._part_of[rows] = self._part[columns]
        self._bundles = self._bundled()

    def ask(self, targets: Flags) -> None:
        """Look for worlds for one of these counts at a time, in all parts at once. Raises SolverError."""
        waiting = targets & (self._part_of >= 0)
        while True:
            left = np.flatnonzero(self._worlds.unproved() & waiting)
            if not len(left):
                return
            turn = left[np.unique(self._part_of[left], return_index=True)[1]]
            self._ask(turn)
            waiting[turn] = False

    def _bundled(self) -> list[_Bundle]:
        """The parts in bundles, each with its columns and rows, in order."""
        if not len(self._moving):
            return []
        sizes = np.bincount(self._part)
        bundle = ((np.cumsum(sizes) - sizes) // _TOGETHER)[self._part]
        of_row = bundle[self._equations.indices[self._equations.indptr[:-1]]]
        numbers = np.unique(bundle)
        by_column, by_row = np.argsort(bundle, kind="stable"), np.argsort(of_row, kind="stable")
        columns = np.split(by_column, np.searchsorted(bundle[by_column], numbers[1:]))
        rows = np.split(by_row, np.searchsorted(of_row[by_row], numbers[1:]))
        return [_Bundle(*one) for one in zip(columns, rows, strict=True)]

    def look_by_chance(self) -> None:
        """Prove many counts with each program, in directions by chance, for as long as that proves enough of them.

        Each direction asks for some of the open counts: with all of them at once they are in each other's way. Counts of one
        value in the courses of a school come together, because what lets one of them grow lets the others grow too.
        """
        worlds = self._worlds
        chance = np.random.default_rng(_SEED)
        size = len(worlds.truth)
        misses = 0
        left = worlds.unproved() & (self._part_of >= 0)
        while left.sum() >= _MANY and misses < _MISSES:
            before = left.sum()
            some = (chance.random(worlds.groups) < _SHARE)[worlds.group]
            # A small group has to grow before it is protected, whatever else it can do.
            sign = np.where(worlds.is_small, 1.0, chance.choice([-1.0, 1.0], size))
            self._look(np.where(left & some, sign * chance.uniform(0.5, 1.5, size), 0.0))
            left = worlds.unproved() & (self._part_of >= 0)
            misses += int(before - left.sum() < _PAYS)

    def _ask(self, turn: Places) -> None:
        """Ask how far each of these counts can move, up and then down, no two of one part."""
        worlds = self._worlds
        reach = np.zeros((2, len(turn)))
        for way, sign in enumerate((1.0, -1.0)):
            open_ones = worlds.unproved()[turn]
            direction = np.zeros(len(worlds.truth))
            direction[turn[open_ones]] = sign
            reach[way] = self._look(direction)[turn]
        lowest, highest = np.minimum(reach[1], worlds.lowest[turn]), np.maximum(reach[0], worlds.highest[turn])
        left = worlds.unproved()[turn] & worlds.is_far(turn, lowest, highest)
        for target in turn[left]:  # a solution that is no whole number proves nothing: ask for whole numbers
            self._look_for_whole(int(target))

    def _look(self, direction: Numbers) -> Numbers:
        """Solve for the world farthest in a direction, note it, give how far it moves each count. Raises SolverError."""
        ahead = self._of_moving.T @ direction
        moved = np.zeros(len(self._moving))
        for bundle in self._bundles:
            if ahead[bundle.columns].any():
                moved[bundle.columns] = self._farthest(bundle).farthest(ahead[bundle.columns])
        self._note(moved)
        return np.asarray(self._of_moving @ moved)

    def _farthest(self, bundle: _Bundle) -> Farthest:
        if bundle.program is None:
            equations = csr_array(self._equations[bundle.rows][:, bundle.columns])
            low, high = self._low[bundle.rows], self._high[bundle.rows]
            bundle.program = Farthest(equations, low, high, self._least[bundle.columns], self._most[bundle.columns])
        return bundle.program

    def _look_for_whole(self, target: int) -> None:
        """Look for any world of whole numbers that moves this count far enough; the farthest one would take longer."""
        cells = np.flatnonzero(self._part == self._part_of[target])
        both = csr_array(vstack([self._equations[:, cells], self._of_moving[[target]][:, cells]]))
        touched = np.diff(both.indptr) > 0
        for _, distance in self._worlds.enough(target):
            low, high = (distance, np.inf) if distance > 0 else (-np.inf, distance)
            lowest, highest = np.append(self._low, low), np.append(self._high, high)
            solved = milp(
                np.zeros(len(cells)),
                integrality=np.ones(len(cells)),
                bounds=Bounds(self._least[cells], self._most[cells]),
                constraints=LinearConstraint(both[touched], lowest[touched], highest[touched]),
                options={"node_limit": _NODES},
            )
            if solved.x is not None:
                moved = np.zeros(len(self._moving))
                moved[cells] = solved.x
                self._note(moved)
                return

    def _note(self, moved: Numbers) -> None:
        """Keep how far a world moves each count, of those of its parts that are whole and break nothing.

        Numbers that move hang together where they are in one equation; each such part is a world of its own.
        """
        world = np.round(moved)
        bad = (np.abs(world - moved) > NEARLY) | (world < self._least)
        sums = self._equations @ world
        broken = np.flatnonzero((sums < self._low - TOLERANCE) | (sums > self._high + TOLERANCE))
        bad[self._equations[broken].nonzero()[1]] = True
        if bad.any():
            moves = np.flatnonzero(moved)
            together = _parts(csr_array(self._equations[:, moves]))
            world[moves[np.isin(together, together[bad[moves]])]] = 0.0
        whole = np.zeros(len(self._worlds.piece.key))
        whole[self._moving] = world
        self._worlds.see(whole)


@dataclass
class _Bundle:
    """Some parts of a room that share a program, which is set up when it is first asked."""

    columns: Places
    rows: Places
    program: Farthest | None = None


def _binding(equations: csr_array, rows: tuple[Numbers, Numbers], columns: tuple[Numbers, Numbers]) -> Places:
    """The equations that something within the bounds of the columns would break."""
    up, down = equations.maximum(0), equations.minimum(0)
    low, high = rows
    least, most = columns
    return np.flatnonzero((up @ most + down @ least > high + TOLERANCE) | (up @ least + down @ most < low - TOLERANCE))


def _parts(equations: csr_array) -> Places:
    """For each column, the number of the part that it is in: columns of one equation hang together."""
    graph = block_array([[None, equations], [equations.T, None]])
    found = connected_components(graph, directed=False)[1][equations.shape[0] :]
    return np.unique(found, return_inverse=True)[1].astype(np.int64)
