"""The linear system of an outsider: what must hold between the cells of a district, whatever the hidden ones count.

Everything is written as the distance from the true counts. A *world* is a vector of whole numbers, one per cell, that
breaks no equation and is 0 in every cell that is shown: added to the true counts it gives counts that look the same from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.sparse import csr_array

from subgroup_pipeline.disclosure.cells import sql

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

Numbers: TypeAlias = "NDArray[np.float64]"
Places: TypeAlias = "NDArray[np.int64]"
Flags: TypeAlias = "NDArray[np.bool_]"
Columns: TypeAlias = "dict[str, NDArray[np.generic]]"

FARTHEST = 60.0
"""Worlds go no farther than this from a true count. It bounds every program and is far beyond every width that is asked for."""


@dataclass
class Piece:
    """A district and a month (none: its current reports), every array in the order of `key`.

    `hidden` is changed in place where the audit hides a cell. `fixed` are cells that were shown in a release before and still
    count the same: hiding them tells nobody less. `equations` times a world lies between `low` and `high`.
    `differences` are rows of cells whose sum is a small group that is nobody's cell: who is in a school and not in its course.
    """

    key: Places
    count: Numbers
    least: Numbers
    minimum: Numbers
    hidden: Flags
    fixed: Flags
    price: Numbers
    place: Places
    line: Places
    about: Places
    tier: Places
    alike: Places
    equations: csr_array
    low: Numbers
    high: Numbers
    differences: csr_array

    @property
    def moving(self) -> Flags:
        """The cells that an outsider does not know."""
        return self.hidden & ~self.fixed


PAIR, COURSE, OTHER = range(3)
"""The tiers of cells. Pairs and the counts of courses often move while what is around them stands still."""


class System:
    """The systems of all districts and months of the table `cell`, to be taken piece by piece.

    Each piece is a district and a month, so what is hidden in it does not depend on which others are worked out with it. Leaves
    the tables `audited`, `containment` and `equation` in the connection.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        for statement in ("audited", "containments", "equations"):
            connection.execute(sql(statement))
        self._columns = [connection.execute(query).fetchnumpy() for query in (_CELLS, _TERMS, _RELATIONS, _DIFFERENCES)]
        pieces = self._columns[0]["piece"]
        self.size = int(pieces[-1]) + 1 if len(pieces) else 0
        self._ends = [np.searchsorted(np.ma.getdata(one["piece"]), np.arange(self.size + 1)) for one in self._columns]

    def piece(self, number: int) -> Piece:
        """One of them, by its number from 0 to `size` - 1."""
        return _piece(
            *(
                {name: column[ends[number] : ends[number + 1]] for name, column in columns.items()}
                for ends, columns in zip(self._ends, self._columns, strict=True)
            )
        )


_CELLS = """
select
    piece, key, student_count, least, minimum_count, hidden, is_unchanged and not was_hidden as is_known, place, line, about,
    case when with_subgroup is not null then 0 when level = 'course' then 1 else 2 end as tier,
    case when level = 'course' then dense_rank() over (order by piece, school_id, subgroup, value) else -key end as alike,
    -- What it costs readers to lose a cell: totals most, then large groups and those of many students.
    (1 + ln(1 + student_count)) * case when is_total then 50 else 1 end
    * case level when 'district' then 4 when 'school' then 2 else 1 end
    * case when with_subgroup is null then 2 else 1 end as price
from audited order by piece, key
"""
_TERMS = """
select piece, equation, unnest(members) as key, 1 as sign from equation
union all
select piece, equation, whole as key, -1 as sign from equation
order by piece, equation, key
"""
_RELATIONS = """
select piece, relation <> 'at_most' as is_floor, relation <> 'at_least' as is_ceiling from equation order by equation
"""
_DIFFERENCES = """
select piece, part, whole from containment
where of_whole - of_part between 1 and minimum_count - 1
order by piece, part, whole
"""


def _piece(cells: Columns, terms: Columns, relations: Columns, differences: Columns) -> Piece:
    key = cells["key"].astype(np.int64)
    count = cells["student_count"].astype(float)
    floor, ceiling = relations["is_floor"].astype(bool), relations["is_ceiling"].astype(bool)
    rows = terms["equation"].astype(np.int64)
    rows = rows - rows[0] if len(rows) else rows
    columns = np.searchsorted(key, terms["key"].astype(np.int64))
    equations = csr_array((terms["sign"].astype(float), (rows, columns)), shape=(len(floor), len(key)))
    room = np.where(floor & ceiling, 0.0, -(equations @ count))
    small = len(differences["part"])
    pairs = np.repeat(np.arange(small), 2)
    ends = np.searchsorted(key, np.stack([differences["whole"], differences["part"]], axis=1).ravel().astype(np.int64))
    return Piece(
        key=key,
        count=count,
        least=cells["least"].astype(float),
        minimum=cells["minimum_count"].astype(float),
        hidden=cells["hidden"].astype(bool),
        fixed=cells["is_known"].astype(bool),
        price=cells["price"].astype(float),
        place=cells["place"].astype(np.int64),
        line=cells["line"].astype(np.int64),
        about=cells["about"].astype(np.int64),
        tier=cells["tier"].astype(np.int64),
        alike=cells["alike"].astype(np.int64),
        equations=equations,
        low=np.where(floor, room, -np.inf),
        high=np.where(ceiling, room, np.inf),
        differences=csr_array((np.tile([1.0, -1.0], small), (pairs, ends)), shape=(small, len(key))),
    )
