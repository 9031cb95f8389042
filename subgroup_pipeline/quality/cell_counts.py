"""The tables in which the texts of subgroup columns are counted, whether they come from subgroup files or from rosters."""

from __future__ import annotations

from typing import NamedTuple

from subgroup_pipeline.warehouse.table import Column, Table


class CellCounts(NamedTuple):
    """Two tables of a session, for queries that do not ask where cells come from.

    `counts` has the rows (`n`) of each text (`cell`, `value`) of each column, by delivery: those of the run, and the live ones
    that they would replace. `replaced` pairs a delivery_id with its live_delivery_id.
    """

    counts: str
    replaced: Table


_PAIR = {"delivery_id": Column("varchar", "The new one."), "live_delivery_id": Column("varchar", "The live one.")}
OF_FILES = CellCounts(
    "checks.cell_count", Table("checks", "live_file", "The live subgroup file that each of these would replace.", _PAIR)
)
OF_ROSTERS = CellCounts(
    "checks.roster_cell_count", Table("checks", "replaced_roster", "The live roster that each of these would replace.", _PAIR)
)
