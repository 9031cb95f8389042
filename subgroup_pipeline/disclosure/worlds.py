"""The worlds that were found of a piece: other counts that look the same from outside, and what they prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy.sparse import csr_array, eye_array, vstack

from subgroup_pipeline.disclosure.leeway import Leeway
from subgroup_pipeline.disclosure.program import TOLERANCE
from subgroup_pipeline.disclosure.system import COURSE, OTHER, PAIR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from subgroup_pipeline.disclosure.system import Flags, Numbers, Piece, Places

_Cells = TypeVar("_Cells", bound=np.generic)
WIDTH = 5.0
"""How many students wide the range of a hidden count is at least. No state's rule names a width; this is our own choice."""
_STEPS: tuple[tuple[int, ...], ...] = ((PAIR, COURSE), (PAIR, OTHER), (PAIR, COURSE, OTHER))
"""Which tiers may move, step by step. Where the others stand still, the equations fall into many small parts that are solved at
once; only what is open after that is looked for in the district as a whole."""


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
        self.is_small: Flags = (self.truth > 0) & (self.truth < self.minimum)
        groups, self.group = np.unique(self.of_first_cell(piece.alike), return_inverse=True)
        self.groups = len(groups)

    def of_first_cell(self, column: NDArray[_Cells]) -> NDArray[_Cells]:
        """A column of the piece's cells (`line`, `minimum`) for every target: that of its first cell."""
        return np.asarray(column[self.targets.indices[self.targets.indptr[:-1]]])

    def unproved(self) -> Flags:
        """The counts that nobody must know and for which no world was found that is far enough away."""
        hidden = np.concatenate([self.piece.hidden & ~self.piece.fixed, np.ones(self.piece.differences.shape[0], dtype=bool)])
        every = np.arange(len(self.truth))
        return hidden & ~self.is_far(every, self.lowest, self.highest) & ~self.lost

    def is_far(self, targets: Places, lowest: Numbers, highest: Numbers) -> Flags:
        """Are these counts protected if they can move that far: wide enough, and no small group at the upper end."""
        wide = highest - lowest >= WIDTH - TOLERANCE
        grown = self.truth[targets] + highest >= self.minimum[targets] - TOLERANCE
        return np.asarray(wide & (~self.is_small[targets] | grown))

    def search(self) -> Places:
        """Look for worlds where that is cheap, and give the counts that are still unproved. Raises SolverError."""
        for step, tiers in enumerate(_STEPS):
            if self.unproved().any():
                leeway = Leeway(self, self.piece.moving & np.isin(self.piece.tier, tiers))
                leeway.look_by_chance()
                if step == 0:
                    leeway.ask(self.unproved())
        return np.flatnonzero(self.unproved())

    def ask(self, targets: Places) -> Places:
        """Look for a world for each of these counts in all that is hidden; gives those without one. Raises SolverError."""
        asked = np.zeros(len(self.truth), dtype=bool)
        asked[targets] = True
        Leeway(self, self.piece.moving).ask(asked)
        return targets[self.unproved()[targets]]

    def enough(self, target: int) -> list[Target]:
        """How far a count has to move, up or else down, so that with the worlds already seen it is protected."""
        up = WIDTH + self.lowest[target]
        if self.is_small[target]:
            return [Target(target, max(up, self.minimum[target] - self.truth[target]))]
        return [Target(target, up), Target(target, self.highest[target] - WIDTH)]

    def see(self, world: Numbers) -> None:
        """Keep how far a world moves each count. It is whole, moves hidden cells only, and breaks nothing."""
        distance = self.targets @ world
        self.lowest = np.minimum(self.lowest, distance)
        self.highest = np.maximum(self.highest, distance)
