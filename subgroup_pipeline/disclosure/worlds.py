"""The search for worlds: other counts that look the same from outside, by linear programs.

A world that was found proves something whatever the solver did: it is rounded and put into the equations before it is believed.
So a fault of the solver can only make a cell look less protected than it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack
from scipy.sparse.csgraph import connected_components

from subgroup_pipeline.disclosure.program import Program, SolverError
from subgroup_pipeline.disclosure.system import FARTHEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from subgroup_pipeline.disclosure.system import Flags, Numbers, Piece, Places

_Cells = TypeVar("_Cells", bound=np.generic)
WIDTH = 5.0
"""How many students wide the range of a hidden count is at least. No state's rule names a width; this is our own choice."""
_TOLERANCE = 1e-6
_NODES = 500
"""Branches after which the search for whole numbers is given up: work and not time, so that every machine hides the same."""
_SEED = 14
_MANY = 10
"""So many counts are first looked for together, in directions by chance; fewer are asked for one by one."""
_PAYS = 0.97
"""Looking by chance goes on while it leaves at most this part of the counts open that were open before."""


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
        most = np.full(len(self._moving), FARTHEST)
        self._program = Program(self._equations, self._low, self._high, self._least, most)
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

    def search(self) -> Places:
        """Look for worlds until every count is proved, or some are known to be exposed: these come back, at most one per part.

        Raises SolverError.
        """
        self._look_by_chance()
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

    def _look_by_chance(self) -> None:
        """Prove many counts with each program, in directions by chance, for as long as that proves enough of them."""
        chance = np.random.default_rng(_SEED)
        left = self.unproved()
        before = len(left) * 2
        while len(self._moving) and _MANY <= left.sum() <= before * _PAYS:
            before = left.sum()
            self._look(np.where(left, chance.choice([-1.0, 1.0], len(left)) * chance.uniform(0.5, 1.5, len(left)), 0.0))
            left = self.unproved()

    def _ask(self, turn: Places) -> Places:
        """How far each of these counts can move, up and then down, no two of one part; gives those that are exposed."""
        reach = np.zeros((2, len(turn)))
        for way, sign in enumerate((1.0, -1.0)):
            open_ones = self.unproved()[turn]
            direction = np.zeros(len(self.truth))
            direction[turn[open_ones]] = sign
            reach[way] = self._look(direction)[turn]
        lowest, highest = np.minimum(reach[1], self.lowest[turn]), np.maximum(reach[0], self.highest[turn])
        left = self.unproved()[turn] & self._is_far(turn, lowest, highest)
        for target in turn[left]:  # a solution that is no whole number proves nothing: ask for whole numbers
            self._look_for_whole(int(target))
        return turn[self.unproved()[turn]]

    def _look(self, direction: Numbers) -> Numbers:
        """Solve for the world farthest in a direction, note it, give how far it moves each count. Raises SolverError."""
        if not len(self._moving):
            return np.zeros(len(self.truth))
        moved = self._program.farthest(self._of_moving.T @ direction)
        self._note(moved)
        return np.asarray(self._of_moving @ moved)

    def _look_for_whole(self, target: int) -> None:
        """Look for any world of whole numbers that moves this count far enough; the farthest one would take longer."""
        cells = np.flatnonzero(self._component == self.part[target])
        both = csr_array(vstack([self._equations[:, cells], self._of_moving[[target]][:, cells]]))
        touched = np.diff(both.indptr) > 0
        for low, high in self._enough(target):
            lowest, highest = np.append(self._low, low), np.append(self._high, high)
            solved = milp(
                np.zeros(len(cells)),
                integrality=np.ones(len(cells)),
                bounds=Bounds(self._least[cells], np.full(len(cells), FARTHEST)),
                constraints=LinearConstraint(both[touched], lowest[touched], highest[touched]),
                options={"node_limit": _NODES},
            )
            if solved.x is not None:
                moved = np.zeros(len(self._component))
                moved[cells] = solved.x
                self._note(moved)
                return

    def _enough(self, target: int) -> list[tuple[float, float]]:
        """Between which distances a count has to move, up or else down, so that with the worlds already seen it is protected."""
        up = WIDTH + self.lowest[target]
        if 0 < self.truth[target] < self.minimum[target]:
            return [(max(up, self.minimum[target] - self.truth[target]), np.inf)]
        return [(up, np.inf), (-np.inf, self.highest[target] - WIDTH)]

    def _note(self, moved: Numbers) -> None:
        """Keep how far a world moves each count, of those of its parts that are whole and break nothing.

        Numbers that move hang together where they are in one equation; each such part is a world of its own.
        """
        world = np.round(moved)
        bad = (np.abs(world - moved) > 1e-3) | (world < self._least)
        sums = self._equations @ world
        broken = np.flatnonzero((sums < self._low - _TOLERANCE) | (sums > self._high + _TOLERANCE))
        bad[self._equations[broken].nonzero()[1]] = True
        moves = np.flatnonzero(moved)
        within = abs(self._equations[:, moves])
        together = connected_components(within.T @ within, directed=False)[1]
        world[moves[np.isin(together, together[bad[moves]])]] = 0.0
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
