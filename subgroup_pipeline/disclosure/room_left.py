"""How much room what is shown leaves an outsider about what is hidden: the audit's question once more, when all is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from subgroup_pipeline.disclosure.program import SolverError
from subgroup_pipeline.disclosure.system import System
from subgroup_pipeline.disclosure.worlds import WIDTH, Worlds

if TYPE_CHECKING:
    import duckdb


class RoomLeft(NamedTuple):
    """The narrowest range of a hidden count, in students (None: nothing is hidden), and how many are too narrow.

    Too narrow is what has less room than the audit wants (`worlds.WIDTH`), because no more could be hidden. A range may be
    wider than what was found of it.
    """

    narrowest: int | None
    too_narrow: int


def room_left(connection: duckdb.DuckDBPyConnection) -> RoomLeft:
    """The room that the table `cell` leaves, as it is hidden now; nothing of it counts as worked out any more.

    Where a solver gives no answer, none is found.
    """
    connection.execute("update cell set is_proved = false, is_carried = false")
    widths = []
    system = System(connection)
    for piece in map(system.piece, range(system.size)):
        worlds = Worlds(piece)
        try:
            worlds.ask(worlds.search())
        except SolverError:
            worlds.lowest[:] = worlds.highest[:] = 0.0
        widths.append((worlds.highest - worlds.lowest)[: len(piece.key)][piece.moving])
    every = np.concatenate(widths) if widths else np.zeros(0)
    if not len(every):
        return RoomLeft(None, 0)
    return RoomLeft(round(float(every.min())), int((every < WIDTH - 0.5).sum()))
