"""A linear program that is asked in many directions, each time from where the last answer stood.

SciPy would set HiGHS up anew for every question, which takes longer than the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from subgroup_pipeline.disclosure.system import Numbers

_PRIMAL = 4
"""The simplex that keeps what holds while the direction changes."""
_ITERATIONS = 200_000
"""A limit that no program of a district came near. It counts work and not time, so that the same is hidden on every machine."""


class SolverError(Exception):
    """A program that has a solution (the truth is one) ended without one."""


class _Silent(highspy.Highs):
    """The solver greets on the standard output when it is given callbacks, and there `--json` prints."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the name is the solver's
        """Have none."""


class Program:
    """All vectors between `least` (at most 0) and `most` (at least 0) whose `equations` lie between `low` and `high`."""

    def __init__(self, equations: csr_array, low: Numbers, high: Numbers, least: Numbers, most: Numbers) -> None:
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = equations.shape
        model.col_cost_ = np.zeros(len(least))
        model.col_lower_, model.col_upper_ = least, most
        model.row_lower_, model.row_upper_ = low, high
        model.sense_ = highspy.ObjSense.kMaximize
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = equations.indptr.astype(np.int32), equations.indices.astype(np.int32)
        model.a_matrix_.value_ = equations.data
        self._columns = np.arange(len(least), dtype=np.int32)
        self._solver = _Silent()  # type: ignore[no-untyped-call]
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("presolve", "off"),
            ("simplex_strategy", _PRIMAL),
            ("simplex_iteration_limit", _ITERATIONS),
        ):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(model)

    def farthest(self, direction: Numbers) -> Numbers:
        """The vector that lies farthest in a direction. Raises SolverError."""
        self._solver.changeColsCost(len(self._columns), self._columns, direction)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError(self._solver.modelStatusToString(self._solver.getModelStatus()))
        return np.array(self._solver.getSolution().col_value)
