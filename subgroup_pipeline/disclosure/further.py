"""What to hide further: the cheapest world that moves an exposed count, shown cells included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from subgroup_pipeline.disclosure.program import NEARLY, TOLERANCE, Cheapest
from subgroup_pipeline.disclosure.system import COURSE, FARTHEST

if TYPE_CHECKING:
    from subgroup_pipeline.disclosure.system import Flags, Numbers, Places
    from subgroup_pipeline.disclosure.worlds import Target, Worlds

_NEXT_TO_NOTHING = 0.01
"""The price of moving what is hidden already."""


class Extent(NamedTuple):
    """Cells among which the cheapest world is looked for: those of courses, and the others or not.

    `courses` is the subgroup of the courses, by `about`; None stands for all courses, and -1 for none.
    """

    courses: int | None
    with_the_others: bool


class _Program(NamedTuple):
    cells: Places
    rows: Places
    program: Cheapest


class Further:
    """Finds what to hide for one count after another of a piece, whose `hidden` it changes."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._least: Numbers = np.maximum(worlds.piece.least - worlds.piece.count, -FARTHEST)
        self._programs: dict[Extent, _Program] = {}

    def protect(self, target: int) -> bool:
        """Hide the cells that let a count move far enough, at the lowest price; False if nothing lets it. Raises SolverError.

        They are the shown cells that move in the cheapest world. The price is by how far they move, not by whether they do;
        solving again with other prices brought nothing in trials.
        """
        piece = self._worlds.piece
        found = [world for one in self._worlds.enough(target) if (world := self._cheapest(one)) is not None]
        if not found:
            return False
        needed = [(np.abs(world) > TOLERANCE) & ~piece.hidden for world in found]
        cheapest = min(range(len(found)), key=lambda number: float(piece.price[needed[number]].sum()))
        piece.hidden |= needed[cheapest]
        self._see(found[cheapest])
        return True

    def _cheapest(self, wanted: Target) -> Numbers | None:
        """The cheapest world that moves a count by a distance, of the smallest extent that has one."""
        for extent in self._extents(wanted.target):
            world = self._cheapest_of(extent, wanted)
            if world is not None:
                return world
        return None

    def _extents(self, target: int) -> list[Extent]:
        """The extents in which to look for a count, one after the other: a small program answers much sooner."""
        piece, targets = self._worlds.piece, self._worlds.targets
        first = targets.indices[targets.indptr[target]]
        everything = Extent(None, with_the_others=True)
        if piece.tier[first] == COURSE:
            about = int(piece.about[first])
            return [Extent(about, with_the_others=False), Extent(about, with_the_others=True), everything]
        return [Extent(-1, with_the_others=True), everything]

    def _cheapest_of(self, extent: Extent, wanted: Target) -> Numbers | None:
        piece = self._worlds.piece
        cells, rows, program = self._programs.get(extent) or self._programs.setdefault(extent, self._set_up(extent))
        price = np.where(piece.hidden, _NEXT_TO_NOTHING, piece.price)[cells]
        difference = wanted.target - len(piece.key)
        among, name = (cells, wanted.target) if difference < 0 else (rows, piece.equations.shape[0] + difference)
        place = int(np.searchsorted(among, name))
        if place == len(among) or among[place] != name:
            return None
        asked = {place: wanted.distance}
        moved = program.cheapest(price, *((asked, {}) if difference < 0 else ({}, asked)))
        if moved is None:
            return None
        world = np.zeros(len(piece.key))
        world[cells] = moved
        return world

    def _set_up(self, extent: Extent) -> _Program:
        piece = self._worlds.piece
        is_course = piece.tier == COURSE
        chosen: Flags = is_course if extent.courses is None else is_course & (piece.about == extent.courses)
        if extent.with_the_others:
            chosen = chosen | ~is_course
        cells = np.flatnonzero(chosen)
        matrix = csr_array(vstack([piece.equations, piece.differences])[:, cells])
        free = np.full(piece.differences.shape[0], np.inf)
        low, high = np.concatenate([piece.low, -free]), np.concatenate([piece.high, free])
        rows = np.flatnonzero(np.diff(matrix.indptr))
        up = np.where(piece.fixed, 0.0, FARTHEST)[cells]
        down = np.minimum(up, -self._least[cells])
        return _Program(cells, rows, Cheapest(csr_array(matrix[rows]), low[rows], high[rows], down, up))

    def _see(self, world: Numbers) -> None:
        """Tell of the world, whose cells are hidden by now, if it is one of whole numbers that breaks nothing."""
        piece = self._worlds.piece
        whole = np.round(world)
        sums = piece.equations @ whole
        is_true = (sums >= piece.low - TOLERANCE) & (sums <= piece.high + TOLERANCE)
        if is_true.all() and (np.abs(whole - world) < NEARLY).all() and (whole >= self._least).all():
            self._worlds.see(whole)
