"""The search for worlds: other counts that look the same from outside, by linear programs.

A world that was found proves something whatever the solver did: it is rounded and put into the equations before it is believed.
So a fault of the solver can only make a cell look less protected than it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack
from scipy.sparse.csgraph import connected_components

from subgroup_pipeline.disclosure.system import FARTHEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from subgroup_pipeline.disclosure.system import Flags, Numbers, Piece, Places

_Cells = TypeVar("_Cells", bound=np.generic)
WIDTH = 5.0
"""How many students wide the range of a hidden count is at least. No state's rule names a width; this is our own choice."""
_TOLERANCE = 1e-6
_SECONDS = 5.0
_SEED = 14
_MANY = 50
"""So many counts are first looked for together, in directions by chance; fewer are asked for one by one."""


class SolverError(Exception):
    """A program that has a solution (the truth is one) ended without one."""


class Target(NamedTuple):
    """One count that must not be known, as a number of `Worlds.targets`, and how far a world has to move it."""

    target: int
    distance: float


class Worlds:
    """What is known about the worlds of one piece: how far down and up each count was seen to move.

    `targets` has a row per cell and then one per difference; times a world it gives how far that world moves each of them.
    """

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.targets: csr_array = csr_array(vstack([eye_array(len(piece.key)), piece.differences]))
        self.truth: Numbers = self.targets @ piece.count
        self.minimum: Numbers = self.of_first_cell(piece.minimum)
        self.lowest: Numbers = np.zeros(len(self.truth))
        self.highest: Numbers = np.zeros(len(self.truth))
        self.lost: Flags = np.zeros(len(self.truth), dtype=bool)
        self.restrict()

    def restrict(self) -> None:
        """Take in what is hidden now: what moves, within which equations, and what hangs together."""
        piece = self.piece
        self._moving: Places = np.flatnonzero(piece.moving)
        self._of_moving: csr_array = csr_array(self.targets[:, self._moving])
        within = csr_array(piece.equations[:, self._moving])
        touched = np.flatnonzero(np.diff(within.indptr))
        self._equations: csr_array = csr_array(within[touched])
        self._low, self._high = piece.low[touched], piece.high[touched]
        self._least = np.maximum(piece.least - piece.count, -FARTHEST)[self._moving]
        links = abs(self._equations).T @ abs(self._equations)
        self._component: Places = connected_components(links, directed=False)[1].astype(np.int64)
        # The part that a target hangs in; a difference hangs in that of one of its cells.
        self.part: Places = np.full(len(self.truth), -1, dtype=np.int64)
        rows, columns = self._of_moving.nonzero()
        self.part[rows] = self._component[columns]

    def of_first_cell(self, column: NDArray[_Cells]) -> NDArray[_Cells]:
        """A column of the piece's cells (`line`, `minimum`) for every target: that of its first cell."""
        return np.asarray(column[self.targets.indices[self.targets.indptr[:-1]]])

    def unproved(self) -> Flags:
        """The counts that nobody must know and for which no world was found that is far enough away."""
        hidden = np.concatenate([self.piece.hidden & ~self.piece.fixed, np.ones(self.piece.differences.shape[0], dtype=bool)])
        every = np.arange(len(self.truth))
        return hidden & ~self._is_far(every, self.lowest, self.highest) & ~self.lost

    def _is_far(self, targets: Places, lowest: Numbers, highest: Numbers) -> Flags:
        """Are these counts protected if they can move that far: wide enough, and no small group at the upper end."""
        truth, minimum = self.truth[targets], self.minimum[targets]
        small = (truth > 0) & (truth < minimum)
        wide = highest - lowest >= WIDTH - _TOLERANCE
        return np.asarray(wide & (~small | (truth + highest >= minimum - _TOLERANCE)))

    def search(self, rounds: int = 6) -> Places:
        """Look for worlds until every count is proved, or some are known to be exposed: these come back, at most one per part.

        Raises SolverError.
        """
        chance = np.random.default_rng(_SEED)
        for _ in range(rounds):
            left = self.unproved()
            if left.sum() < _MANY or not len(self._moving):
                break
            direction = np.where(left, chance.choice([-1.0, 1.0], len(left)) * chance.uniform(0.5, 1.5, len(left)), 0.0)
            self._look(direction)
        exposed = np.flatnonzero(self.unproved() & (self.part < 0)).tolist()  # nothing of it moves
        asked = np.zeros(len(self.truth), dtype=bool)
        done: set[int] = {-1}
        while True:
            turn = self._one_per_part(self.unproved() & ~asked, done)
            if not len(turn):
                return np.array(exposed, dtype=np.int64)
            failed = self._ask(turn)
            asked[turn] = True
            exposed += failed.tolist()
            done |= set(self.part[failed].tolist())

    def _one_per_part(self, left: Flags, done: set[int]) -> Places:
        chosen = np.flatnonzero(left & ~np.isin(self.part, list(done)))
        _, first = np.unique(self.part[chosen], return_index=True)
        return np.asarray(chosen[first])

    def _ask(self, turn: Places) -> Places:
        """How far each of these counts can move, up and then down, no two of one part; gives those that are exposed."""
        reach = []
        for sign in (1.0, -1.0):
            direction = np.zeros(len(self.truth))
            direction[turn] = sign
            reach.append(self._look(direction)[turn])
        left = self.unproved()[turn] & self._is_far(turn, reach[1], reach[0])
        for target in turn[left]:  # a solution that is no whole number proves nothing: ask for whole numbers
            for sign in (1.0, -1.0):
                self._look_for_whole(int(target), sign)
        return turn[self.unproved()[turn]]

    def _look(self, direction: Numbers) -> Numbers:
        """Solve for the world farthest in a direction, take note of it and give how far it moves each count."""
        prices = self._of_moving.T @ direction
        cells = np.flatnonzero(np.isin(self._component, self._component[prices != 0]))
        if not len(cells):
            return np.zeros(len(self.truth))
        within = csr_array(self._equations[:, cells])
        touched = np.diff(within.indptr) > 0
        equal = touched & (self._low == self._high)
        above, below = touched & ~equal & np.isfinite(self._high), touched & ~equal & np.isfinite(self._low)
        upper = csr_array(vstack([within[above], -within[below]]))
        solved = linprog(
            -prices[cells],
            A_ub=upper if upper.shape[0] else None,
            b_ub=np.concatenate([self._high[above], -self._low[below]]) if upper.shape[0] else None,
            A_eq=within[equal] if equal.any() else None,
            b_eq=self._low[equal] if equal.any() else None,
            bounds=np.stack([self._least[cells], np.full(len(cells), FARTHEST)], axis=1),
            method="highs-ds",
        )
        if solved.status != 0:
            raise SolverError(solved.message)
        moved = np.zeros(len(self._component))
        moved[cells] = solved.x
        self._note(moved)
        return np.asarray(self._of_moving @ moved)

    def _look_for_whole(self, target: int, sign: float) -> None:
        cells = np.flatnonzero(self._component == self.part[target])
        within = csr_array(self._equations[:, cells])
        touched = np.diff(within.indptr) > 0
        solved = milp(
            -sign * self._of_moving[[target]].toarray()[0][cells],
            integrality=np.ones(len(cells)),
            bounds=Bounds(self._least[cells], np.full(len(cells), FARTHEST)),
            constraints=LinearConstraint(within[touched], self._low[touched], self._high[touched]) if touched.any() else None,
            options={"time_limit": _SECONDS},
        )
        if solved.x is not None:
            moved = np.zeros(len(self._component))
            moved[cells] = solved.x
            self._note(moved)

    def _note(self, moved: Numbers) -> None:
        """Keep how far a world moves each count, part by part, of the parts where it is whole and breaks nothing."""
        world = np.round(moved)
        bad = (np.abs(world - moved) > 1e-3) | (world < self._least)
        sums = self._equations @ world
        broken = np.flatnonzero((sums < self._low - _TOLERANCE) | (sums > self._high + _TOLERANCE))
        bad[self._equations[broken].nonzero()[1]] = True
        world[np.isin(self._component, self._component[bad])] = 0.0
        distance = self._of_moving @ world
        self.lowest = np.minimum(self.lowest, distance)
        self.highest = np.maximum(self.highest, distance)

    def to_hide(self, wanted: list[Target]) -> Places | None:
        """The shown cells to hide so that each of these counts can move by its distance, at the lowest price; None: impossible.

        They are the cells that move in the cheapest world with these distances. The price is by how far they move, not by
        whether they do; solving again with other prices brought nothing in trials.
        """
        piece = self.piece
        numbers = [one.target for one in wanted]
        cells = np.flatnonzero(np.isin(piece.block, self.of_first_cell(piece.block)[numbers]))
        both = csr_array(vstack([piece.equations, self.targets[numbers]])[:, cells])
        distances = np.array([one.distance for one in wanted])
        touched = np.diff(both.indptr) > 0
        constraints = LinearConstraint(
            csr_array(hstack([both, -both]))[touched],
            np.concatenate([piece.low, distances])[touched],
            np.concatenate([piece.high, distances])[touched],
        )
        price = np.where(piece.hidden, 0.01, piece.price)[cells]
        free = np.where(piece.fixed, 0.0, FARTHEST)[cells]
        down = np.minimum(free, np.maximum(piece.count - piece.least, 0.0)[cells])
        moved = _cheapest(np.concatenate([price, price]), Bounds(0.0, np.concatenate([free, down])), constraints)
        return None if moved is None else cells[(moved > _TOLERANCE) & ~piece.hidden[cells]]


def _cheapest(weight: Numbers, bounds: Bounds, constraints: LinearConstraint) -> Numbers | None:
    """How far each cell moves, up or down, in the cheapest world; None if there is none. Raises SolverError."""
    solved = milp(weight, bounds=bounds, constraints=constraints)
    if solved.status == 2:
        return None
    if solved.x is None:
        raise SolverError(solved.message)
    return np.asarray(np.abs(solved.x[: len(weight) // 2] - solved.x[len(weight) // 2 :]))
